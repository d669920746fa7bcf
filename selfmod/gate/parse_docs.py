"""What the texts of a plugin say: documentation that is missing, and words that are not meant for its reader."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from selfmod.gate.parse import MAX_FOUND, Material, found

# Written to whoever summarises, reviews or repairs this later and happens to be a model.
_MODEL: Final = (
    r"(?:llms?|language models?|chatbots?|assistants?|(?:ai|automated) (?:models?|assistants?|agents?|reviewers?))"
)
_TO_A_MODEL: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            r"\b(?:ignore|disregard|forget|override)\b.{0,20}"
            r"\b(?:previous|prior|above|earlier|preceding|all|any|your|these)\b.{0,30}\b(?:instructions?|prompts?|rules|guidelines|directions)\b"
        ),
        rf"\b(?:you are|act as|pretend to be|behave as)\b.{{0,20}}\b(?:an? )?(?:ai|{_MODEL}|developer mode)\b",
        rf"\b(?:as an?|dear|attention|(?:note|message|instructions?) (?:for|to))\b,?.{{0,12}}\b(?:ai|{_MODEL})\b",
        rf"\b{_MODEL}\b.{{0,25}}\b(?:must|should|shall|please|have to|need to|are (?:required|instructed) to)\b",
        r"\b(?:system prompt|developer message|jailbreak)\b",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id)\|>|\[/?INST\]|<<SYS>>|</?(?:system|assistant)>",
        r"</?(?:\w+:)?(?:function_calls?|tool_calls?|tool_use|invoke)\b[^>\n]{0,200}>",
        r"^\s*(?:#+ |[-*>] |\W{0,3})?(?:system|assistant|human)\s*:\s",
        (
            r"\b(?:do not|don't|never)\b.{0,15}\b(?:tell|show|mention|reveal|report|inform|warn|alert)\b.{0,30}"
            r"\b(?:users?|persons?|humans?|reviewers?|owners?|operators?)\b"
        ),
        (
            r"\b(?:when|if|while) (?:you (?:are )?)?(?:reviewing|summari[sz]ing|judging|grading|repairing)\b.{0,60}"
            r"\b(?:say|answer|report|respond|reply|state|approve|claim)\b"
        ),
        r"\b(?:approve|accept|merge|rate|score) (?:this|the) (?:plugin|candidate|change|code|proposal)\b",
        (
            r"\b(?:reveal|print|repeat|output|send|leak|exfiltrate)\b.{0,30}"
            r"\b(?:your|the) (?:instructions|prompt|api keys?|secrets|credentials)\b"
        ),
    )
)
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
        if path.startswith("tests/data/"):
            continue  # inputs for the tests; nothing shows them to a model as text
        lines = data.decode("utf-8", errors="replace").split("\n")
        code = _code(lines) if path.endswith(".md") else frozenset()
        for number, line in enumerate(lines, start=1):
            text = line[:2000]
            # A sentence may go on in the next line, behind a comment sign or a bullet.
            following = lines[number].lstrip(" \t#>*-")[:200] if number < len(lines) else ""
            if _begins(text, following, *_TO_A_MODEL):
                message = "this reads like an instruction to a model, not to a person"
                yield found("docs.instruction", message, path, number, hint="describe the plugin; address nobody")
            if path.endswith(".md") and number not in code:
                yield from _rendered(path, number, text, following)


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
