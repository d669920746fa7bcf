"""What the texts of a plugin say: documentation that is missing, and words that are not meant for its reader."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from selfmod.gate.reading.addressed import addressed, is_addressed
from selfmod.gate.reading.claims import claims
from selfmod.gate.reading.folding import worked_out
from selfmod.gate.reading.pages import loading, rendered
from selfmod.gate.reading.parse import MAX_FOUND, Material, found
from selfmod.gate.reading.prose import in_words, values, written
from selfmod.gate.reading.readers import told_in_code, told_in_text
from selfmod.gate.reading.shown import shown
from selfmod.gate.reading.stated import stated
from selfmod.gate.reading.texts import constant_texts
from selfmod.gate.reading.unread import unread

_FETCH: Final = r"\b(?:curl|wget|iwr|irm|invoke-(?:webrequest|restmethod))\b"
_RUN: Final = (
    r"(?:sudo\s+(?:-\S{1,20}\s+){0,4})?(?:(?:\S{0,60}/)?env\s+)?(?:\S{0,60}/)?"
    r"(?:(?:ba|z|da|k|fi|c)?sh|python[\d.]*|perl|ruby|node|php|iex|pwsh|powershell|source)\b"
)
_FETCHED: Final = re.compile(
    rf"{_FETCH}[^\n]{{0,300}}\|\s*{_RUN}|{_RUN}[^\n|]{{0,40}}[<$]\([^\n)]{{0,20}}{_FETCH}"
    rf"|\b(?:eval|source)\s+[\"'`]?[<$`(]\(?\s*{_FETCH}|\biex\b[^\n]{{0,40}}{_FETCH}"
    rf"|{_FETCH}[^\n]{{0,200}}(?:&&|;)\s*(?:chmod[^\n]{{0,60}}(?:&&|;)\s*)?(?:{_RUN}\s+\S|\./\S)",
    re.IGNORECASE,
)
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
    files = list(written(material))
    problems = [*_docstrings(material), *_words(material), *claims(files), *unread(files), *stated(material)]
    readme = material.files.get("README.md", b"").decode("utf-8", errors="replace")
    licence = material.files.get("LICENSE", b"").decode("utf-8", errors="replace")
    words = sorted(set(re.findall(r"[A-Za-z][A-Za-z0-9_-]{0,63}", readme[:100_000])))
    return {
        "findings": problems[:MAX_FOUND],
        "readme": {"present": "README.md" in material.files, "characters": len(readme.strip()), "words": words[:4000]},
        "licence": _licences(licence),
        "shown": shown(material),
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
        recorded = path.startswith("tests/data/")
        told = dict(addressed(lines, recorded=recorded))
        tree = material.trees.get(path)
        if isinstance(tree, ast.Module):
            told = {**dict(_in_pieces(tree)), **told}
            swayed = told_in_code("\n".join(lines), tree, test=path in material.tests)
        else:
            swayed = iter(()) if recorded else told_in_text("\n".join(lines))
            if path == "plugin.yaml":
                told = {**dict(_in_values(data)), **told}
        for number in swayed:
            told.setdefault(number, "by whom it is read, and how to judge")
        yield from (_instruction(path, number, how) for number, how in sorted(told.items()))
        if not recorded:
            yield from _advice(path, "\n".join(lines))
        if path.endswith((".md", ".txt")) and not recorded:
            yield from rendered(path, "\n".join(lines))
        if isinstance(tree, ast.Module):
            for number, text in _described(tree):
                yield from loading(path, text, number)


def _advice(path: str, text: str) -> Iterator[dict[str, Any]]:
    """Commands that run what comes over the network, unseen: whoever follows a README has then left the sandbox."""
    for seen in _FETCHED.finditer(text.replace("\\\n", "  ")):
        message = "this runs what comes over the network, and nobody has seen it"
        yield found("docs.advice", message, path, text.count("\n", 0, seen.start()) + 1, hint="leave it out")


def _instruction(path: str, number: int, how: str) -> dict[str, Any]:
    message = "this reads like an instruction to a model, not to a person" + (f" ({how})" if how else "")
    return found("docs.instruction", message, path, number, hint="describe the plugin; address nobody")


def _in_pieces(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Such words in constant texts that no line shows as they are when the module runs."""
    lines: list[str] = []
    origins: list[int] = []
    for origin, text in (*constant_texts(tree), *((one.line, one.text) for one in worked_out(tree))):
        parts = [*text.split("\n"), ""]
        lines += parts
        origins += [origin] * len(parts)
    for number, how in addressed(lines):
        yield origins[number - 1], how or "in pieces"


def _in_values(data: bytes) -> Iterator[tuple[int, str]]:
    """The same in the texts of a manifest, as they are when it is read."""
    for passage in values(data):
        lines = passage.text.split("\n")
        yield from ((passage.line, how or "in pieces") for _, how in addressed(lines))
        for text in (passage.text, in_words(passage.text)):  # an address is made of words, too
            yield from ((passage.line, "in pieces") for _ in told_in_text(text))


def _described(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each docstring, without its indentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield node.body[0].lineno, text


def _licences(text: str) -> list[str]:
    folded = " ".join(text.casefold().split())
    return [name for name, phrases in _LICENCES.items() if any(phrase in folded for phrase in phrases)]
