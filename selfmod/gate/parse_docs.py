"""What the texts of a plugin say: documentation that is missing, and words that are not meant for its reader."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from selfmod.gate.parse import MAX_FOUND, Material, found
from selfmod.gate.parse_addressed import addressed, is_addressed
from selfmod.gate.parse_texts import constant_texts

_REMOTE: Final = re.compile(
    r"!\[[^\]\n]{0,300}\]\(\s*<?\s*(?:[a-z][a-z0-9+.-]{1,20}:)?//|<img\b[^>\n]{0,300}\bsrc\s*="
    r"|<(?:script|iframe|object|embed|link|video|audio|svg|style)\b"
    r"|^\s{0,3}\[[^\]\n]{1,100}\]:\s*(?:https?:)?//[^\s]{1,300}\.(?:png|jpe?g|gif|svg|webp)\b",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"(?:\]\(\s*<?\s*|<)(?:javascript|data|vbscript|file):", re.IGNORECASE)
# What a rendered page does not show, and tags: a README needs neither. `<name>` in a sentence is a placeholder.
_BLOCKS: Final = (
    "address|article|aside|base|blockquote|body|center|dd|details|dialog|dir|div|dl|dt|fieldset|figure|footer|form|"
    "frame|frameset|h[1-6]|head|header|hr|html|legend|li|main|menu|meta|nav|ol|p|picture|pre|section|source|summary|"
    "table|tbody|td|textarea|tfoot|th|thead|title|tr|track|ul"
)
_UNSEEN: Final = re.compile(
    rf"<!--|<!\[CDATA\[|<\?|^\s{{0,3}}</?(?:{_BLOCKS})\b|^\s{{0,3}}</?[a-z][a-z0-9-]*(?:\s[^>\n]*)?/?>\s*$"
    r"|</?[a-z][a-z0-9-]*\s[^>\n]{0,300}=|^\s{0,3}\[[^\]\n]{1,100}\]:\s*#",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(r"(?P<mark>`{3,}|~{3,})(?P<rest>[^`]*)$")
_LICENCES: Final = {
    "MIT": ("permission is hereby granted, free of charge",),
    "Apache-2.0": ("apache license",),
    "GPL": ("gnu general public license",),
    "LGPL": ("gnu lesser general public license",),
    "AGPL": ("gnu affero general public license",),
    "MPL-2.0": ("mozilla public license",),
    "BSD": ("redistribution and use in source and binary forms",),
    "ISC": ("permission to use, copy, modify, and/or distribute this software",),
    "Unlicense": ("this is free and unencumbered software",),
}


def docs(material: Material) -> dict[str, Any]:
    """Section "docs": findings over README, docstrings and licence text, and what of the commands is described."""
    problems = [*_docstrings(material), *_words(material)]
    readme = material.files.get("README.md", b"").decode("utf-8", errors="replace")
    licence = material.files.get("LICENSE", b"").decode("utf-8", errors="replace")
    words = sorted(set(re.findall(r"[A-Za-z][A-Za-z0-9_-]{0,63}", readme[:100_000])))
    return {
        "findings": problems[:MAX_FOUND],
        "readme": {"present": "README.md" in material.files, "characters": len(readme.strip()), "words": words[:4000]},
        "licence": _licences(licence),
    }


def _docstrings(material: Material) -> Iterator[dict[str, Any]]:
    module = material.module
    if module is None:
        return
    if not (ast.get_docstring(module) or "").strip():
        message, hint = "the module has no docstring", "say in a line what it does"
        yield found("docs.module-docstring", message, material.entry, 1, hint=hint)
    for node in module.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not (ast.get_docstring(node) or "").strip():
            message = f"{node.name} has no docstring"
            hint = "say what it returns and when it raises"
            yield found("docs.docstring", message, material.entry, node.lineno, hint=hint, key=node.name)


def _words(material: Material) -> Iterator[dict[str, Any]]:
    for path, data in material.files.items():
        if is_addressed(path):
            yield _instruction(path, 0, "as the name of a file")
        lines = data.decode("utf-8", errors="replace").split("\n")
        # Recorded inputs are shown to whoever repairs the tests, and may quote what people say to one another.
        told = dict(addressed(lines, recorded=path.startswith("tests/data/")))
        tree = material.trees.get(path)
        if isinstance(tree, ast.Module):
            told = {**dict(_in_pieces(tree)), **told}
        yield from (_instruction(path, number, how) for number, how in sorted(told.items()))
        if path.endswith(".md"):
            yield from _pages(path, lines)


def _instruction(path: str, number: int, how: str) -> dict[str, Any]:
    message = "this reads like an instruction to a model, not to a person" + (f" ({how})" if how else "")
    return found("docs.instruction", message, path, number, hint="describe the plugin; address nobody")


def _in_pieces(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Such words in constant texts that no line shows as they are when the module runs."""
    lines: list[str] = []
    origins: list[int] = []
    for origin, text in constant_texts(tree):
        parts = [*text.split("\n"), ""]
        lines += parts
        origins += [origin] * len(parts)
    for number, how in addressed(lines):
        yield origins[number - 1], how or "in pieces"


def _pages(path: str, lines: list[str]) -> Iterator[dict[str, Any]]:
    code = _code(lines)
    for number, line in enumerate(lines, start=1):
        # A tag may go on in the next line, behind a bullet.
        following = lines[number].lstrip(" \t#>*-")[:200] if number < len(lines) else ""
        if number not in code:
            yield from _rendered(path, number, line[:2000], following)


def _begins(text: str, following: str, *patterns: re.Pattern[str]) -> bool:
    """Return whether a pattern is met that begins in this line, and may end in the next."""
    starts = (seen.start() for pattern in patterns if (seen := pattern.search(f"{text} {following}")))
    return any(start < len(text) for start in starts)


def _rendered(path: str, number: int, text: str, following: str) -> Iterator[dict[str, Any]]:
    """What a page made of this line would load, run or hide."""
    if _begins(text, following, _REMOTE):
        message = "this loads something from elsewhere, or is more than text"
        yield found("docs.remote-image", message, path, number, hint="use text and plain links")
    elif _begins(text, following, _UNSEEN):
        message = "this is a tag or a comment, which a page does not show"
        yield found("docs.hidden", message, path, number, hint="use plain Markdown; show tags between lines of ```")
    if _begins(text, following, _LINK):
        yield found("docs.link", "this link runs or opens something local", path, number, hint="use https://")


def _code(lines: list[str]) -> frozenset[int]:
    """The lines between fences that begin a line, which every reader of Markdown shows as they are."""
    inside, mark, shown = False, "", set()
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if inside:
            shown.add(number)
            closes = fence is not None and fence["mark"].startswith(mark) and not fence["rest"].strip()
            inside = not closes
        elif fence is not None:
            inside, mark = True, fence["mark"]
    return frozenset() if inside else frozenset(shown)


def _licences(text: str) -> list[str]:
    folded = " ".join(text.casefold().split())
    return [name for name, phrases in _LICENCES.items() if any(phrase in folded for phrase in phrases)]
