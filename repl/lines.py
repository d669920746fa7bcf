"""Lines of the REPL into words: what a person types after a verb is its text, as it stands.

Only a single word, such as a path or an id, that has spaces in it stands in quotes, as in a shell.
"""

from __future__ import annotations

import ast
import re
import shlex

from plugins.errors import UsageError
from repl import verbs
from repl.cli import Invocation, looks_like_option, parse_verb, parts_of
from repl.verb import Argument, Verb
from repl.verbs import COMMON

# A word; one that stands in quotes from its start to its end, also behind `--option=`, may have spaces in it.
_QUOTED = r"""(?:'[^']*'|"(?:[^"\\]|\\.)*")+(?=\s|$)"""
_WORD = re.compile(rf"(?:--[a-z][a-z-]*=)?{_QUOTED}|\S+")


def parse_line(line: str) -> Invocation:
    """Parse a line that begins with "/"."""
    words = line[1:].split(None, 2)
    if not words:
        raise UsageError("a verb is missing after /", hint="/help lists what there is.")
    found = verbs.find(words[:2])
    if found is None:
        return parts_of(words[0], words[1:], slash="/")
    verb, count = found
    text = line[1:].lstrip()
    for _ in range(count):
        text = text.split(None, 1)[1] if len(text.split(None, 1)) > 1 else ""
    tokens, rest = split_text(verb, text)
    return parse_verb(verb, tokens, line=rest)


def split_text(verb: Verb, text: str) -> tuple[list[str], str]:
    """Split the text after a verb: options first, then positions, then `--` and the open-ended rest as one word.

    Only the verb's own and the common options are options; the rest, quotes included, is text. A lone `--` ends them.
    Quotes around the whole of a text are those that the shell would have taken away.
    """
    last = verb.positionals[-1] if verb.positionals else None
    tokens: list[str] = []
    segments: list[str] = []
    for option, value in _pieces(verb, text):
        if option is None:
            segments.append(value)
        elif option.kind == "flag":
            tokens.append(option.name)
        else:
            tokens.append(f"{option.name}={unquoted(value) if option.kind == 'line' else _plain(value)}")
    words = " ".join(filter(None, segments))
    if last is None or last.kind not in ("text", "rest"):
        return [*tokens, *map(_plain, _WORD.findall(words))], ""
    for _ in verb.positionals[:-1]:
        first = _WORD.match(words := words.lstrip())
        tokens += [_plain(first.group())] if first else []
        words = words[first.end() :] if first else ""
    rest = unquoted(words.strip()) if last.kind == "text" else words.strip()
    if not rest:
        return tokens, ""
    if last.kind == "text" and looks_like_option(first_word := words.split()[0]) and "--" not in text.split():
        raise UsageError(f"there is no option {first_word}", hint="-- stands before a text that begins so")
    return [*tokens, "--", *(rest.split() if last.kind == "rest" else [rest])], rest


def _pieces(verb: Verb, text: str) -> list[tuple[Argument | None, str]]:
    """Cut `text` at the words that are options."""
    own = {argument.name: argument for argument in (*verb.arguments, *COMMON) if argument.option}
    pieces: list[tuple[Argument | None, str]] = []
    current: Argument | None = None
    start = 0
    for match in _WORD.finditer(text):
        word = match.group()
        name, _, inline = word.partition("=")
        if current is not None and current.kind == "value" and text[start : match.start()].strip():
            pieces.append((current, text[start : match.start()].strip()))
            current, start = None, match.start()
        if word == "--":
            pieces.append((current, text[start : match.start()].strip()))
            return [*pieces, (None, text[match.end() :].strip())]
        if name not in own:
            continue
        pieces.append((current, text[start : match.start()].strip()))
        current = own[name]
        start = match.end()
        if current.kind == "flag" or (inline and current.kind == "value"):
            pieces.append((current, inline))
            current = None
        elif inline:
            start = match.end() - len(inline)
    return [*pieces, (current, text[start:].strip())]


def _plain(word: str) -> str:
    """A word without the quotes that hold it together."""
    return shlex.split(word)[0] if re.fullmatch(_QUOTED, word) else word


def unquoted(value: str) -> str:
    """Drop the quotes that a person used to the shell put around a whole value."""
    if len(value) < 2 or value[0] not in "'\"" or value[-1] != value[0]:
        return value
    try:
        parsed = ast.parse(value, mode="eval").body
    except (SyntaxError, ValueError):
        return value
    return value[1:-1] if isinstance(parsed, ast.Constant) and isinstance(parsed.value, str) else value
