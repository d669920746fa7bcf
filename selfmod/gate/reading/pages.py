"""What a page made of a text would load, run or hide, as a parser of Markdown reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from selfmod.gate.reading.parse import Found, found
from selfmod.gate.stages.text import is_invisible

_ELSEWHERE: Final = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_PICTURE: Final = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|avif|ico)\b", re.IGNORECASE)
_LOADING: Final = re.compile(
    r"<(?:img|image|script|iframe|object|embed|link|video|audio|svg|style|source|picture|portal)\b(?!>)"
    r"|<(?:script|iframe|object|embed|svg|style|video|audio)\b",
    re.IGNORECASE,
)
# `<name>` in a sentence is a placeholder, unless readers hide what follows it.
_PLACEHOLDER: Final = re.compile(
    r"</?(?!(?:details|template|noscript|dialog|datalist)\b)[a-z][a-z0-9-]*\s*/?>", re.IGNORECASE
)
_RUNS: Final = frozenset({"javascript", "data", "vbscript", "file"})
_OPENS: Final = frozenset({"http", "https", "mailto"})
# Some readers take a definition also where no empty line stands before it, and docstrings are read in another markup.
_DEFINITION: Final = re.compile(r"\s*\[[^\]\n]{1,100}\]:\s*<?(\S+)")
_DIRECTIVE: Final = re.compile(
    r"\s*\.\.\s+(?:\|[^|\n]+\|\s+)?(?:image|figure|raw|include|literalinclude)::", re.IGNORECASE
)
_CLOSING: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})\s*")


def rendered(path: str, text: str) -> Iterator[Found]:
    """Yield what a page of Markdown loads, runs or hides."""
    seen: dict[tuple[str, int], Found] = {}
    for problem in _page(path, text, 0):
        seen.setdefault((problem["rule"], problem["line"]), problem)
    yield from (seen[key] for key in sorted(seen, key=lambda key: (key[1], key[0])))


def loading(path: str, text: str, first: int) -> Iterator[Found]:
    """Yield what a page made of a docstring would load or run; tags are a part of what programs speak of."""
    for problem in _page(path, text, first - 1):
        if problem["rule"] != "docs.hidden":
            yield problem


def _page(path: str, text: str, before: int) -> Iterator[Found]:
    """The findings of one text; `before` lines come before it in its file."""
    reader = MarkdownIt("commonmark").enable("table")
    reader.validateLink = bool  # type: ignore[method-assign, assignment]  # what it would drop is what is looked for
    known: dict[str, dict[str, dict[str, object]]] = {}
    tokens = reader.parse(text, known)
    used: set[str] = set()
    lines = text.split("\n")
    for token in tokens:
        line = before + (token.map[0] + 1 if token.map else 1)
        if token.type == "html_block":
            yield _tag(path, line, token.content)
        elif token.type == "fence" and token.map and not _is_closed(token, lines):
            yield from _page(path, token.content, line)  # some readers show the rest of the page as a page
        elif token.children:
            yield from _inline(path, line, token.children, used)
            yield from _read_otherwise(path, line, token.content)
    yield from _definitions(path, before, known, used)


def _is_closed(token: Token, lines: Sequence[str]) -> bool:
    last = lines[token.map[1] - 1] if token.map and token.map[1] <= len(lines) else ""
    closing = _CLOSING.fullmatch(last)
    ended = token.map is not None and token.map[1] - token.map[0] > 1
    return ended and closing is not None and closing[1].startswith(token.markup)


def _read_otherwise(path: str, line: int, content: str) -> Iterator[Found]:
    """What other readers than this one would take for a picture or a definition."""
    for number, text in enumerate(content.split("\n"), start=line):
        definition = _DEFINITION.match(text)
        if _DIRECTIVE.match(text) or (definition and _PICTURE.search(definition[1])):
            yield _remote(path, number)
        elif definition and _ELSEWHERE.match(definition[1]):
            message = "some readers show this definition, and others do not"
            yield found("docs.hidden", message, path, number, hint="leave an empty line before it")


def _inline(path: str, line: int, tokens: Sequence[Token], used: set[str]) -> Iterator[Found]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            line += 1
        elif token.type == "image":
            used.add(str(token.attrs["src"]))
            if _ELSEWHERE.match(str(token.attrs["src"])):
                yield _remote(path, line)
            yield from _inline(path, line, token.children or (), used)
        elif token.type == "link_open":
            used.add(str(token.attrs["href"]))
            if _is_running(str(token.attrs["href"]), written=token.markup == "autolink"):
                yield found("docs.link", "this link runs or opens something local", path, line, hint="use https://")
        elif token.type == "html_inline" and (_LOADING.search(token.content) or not _is_plain(token.content)):
            yield _tag(path, line, token.content)
        elif token.type.startswith("text") and any(map(is_invisible, token.content)):
            message = "this holds signs that cannot be seen, written as entities"
            yield found("docs.hidden", message, path, line, hint="remove them")


def _is_plain(tag: str) -> bool:
    return _PLACEHOLDER.fullmatch(tag) is not None


def _is_running(href: str, *, written: bool) -> bool:
    """Return whether a link does more than to show a page; `<key:value>` is written as it is and no link at all."""
    scheme, colon, _ = re.sub(r"[\x00-\x20]|%0[0-9a-d]", "", href).partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return False
    return scheme.lower() in _RUNS if written else scheme.lower() not in _OPENS


def _definitions(
    path: str, before: int, known: dict[str, dict[str, dict[str, object]]], used: set[str]
) -> Iterator[Found]:
    """Definitions of links that nothing uses: a page shows nothing of them."""
    again: object = known.get("duplicate_refs", ())
    repeated = again if isinstance(again, list) else []
    unused = [one for one in known.get("references", {}).values() if one["href"] not in used]
    for one in (*unused, *repeated):
        span = one["map"]
        line = before + (span[0] + 1 if isinstance(span, list) else 1)
        if _PICTURE.search(str(one["href"])) and _ELSEWHERE.match(str(one["href"])):
            yield _remote(path, line)
        else:
            message = "no link uses this definition, so a page does not show it"
            yield found("docs.hidden", message, path, line, hint="remove it")


def _remote(path: str, line: int) -> Found:
    message = "this loads something from elsewhere, or is more than text"
    return found("docs.remote-image", message, path, line, hint="use text and plain links")


def _tag(path: str, line: int, content: str) -> Found:
    if _LOADING.search(content):
        return _remote(path, line)
    message = "this is a tag or a comment, which a page does not show"
    return found("docs.hidden", message, path, line, hint="use plain Markdown; show tags between lines of ```")
