"""Reference documentation of a tree, written from its index: every public module, class and function, in Markdown.

What comes out of sources is text, never markup: it is escaped, and control characters are made visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.text import visible
from selfmod.analysis.facts import Class, Function, Module
from selfmod.analysis.index import Index
from selfmod.analysis.report import is_public

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!])")


def render(index: Index) -> str:
    """One Markdown document for the public names of every module that has some."""
    parts = ["# Reference\n", "Written by `ratchet analyze --docs` from the source; edit the docstrings there.\n"]
    for module in index.modules:
        if is_public(module, "") and module.path.split("/")[0] not in {"tests", "benchmarks"}:
            parts += _module(index, module)
    return "\n".join(parts)


def _module(index: Index, module: Module) -> Iterator[str]:
    public = [f for f in module.functions if f.kind != "inner" and is_public(module, f.qualname)]
    classes = [c for c in module.classes if is_public(module, c.qualname)]
    if not (module.doc or public or classes):
        return
    yield f"## {_code(module.name)}\n"
    yield from _text(module.doc)
    uses = index.imports.get(module.name, ())
    if uses:
        yield f"Uses {', '.join(map(_code, uses))}.\n"
    methods = {f.qualname: f for f in public if f.kind == "method"}
    for function in public:
        if function.kind == "function":
            yield from _function(function, "###")
    for cls in classes:
        yield from _class(cls, [f for name, f in methods.items() if name.rpartition(".")[0] == cls.qualname])


def _class(cls: Class, methods: list[Function]) -> Iterator[str]:
    bases = [base.lstrip(".") for base in cls.bases]
    heading = f"{cls.qualname}({', '.join(bases)})" if bases else cls.qualname
    yield f"### class {_code(heading)}\n"
    yield from _text(cls.doc)
    for method in methods:
        if method.doc or not method.name.startswith("__"):
            yield from _function(method, "####")


def _function(function: Function, heading: str) -> Iterator[str]:
    signature = function.signature.removeprefix("async ")
    prefix = "async " if signature != function.signature else ""
    yield f"{heading} {_code(f'{prefix}{function.name}{signature}')}\n"
    yield from _text(function.doc)


def _text(doc: str) -> Iterator[str]:
    if doc:
        yield _MARKUP.sub(r"\\\1", visible(doc)) + "\n"


def _code(text: str) -> str:
    """A code span; its fence is longer than any run of backticks inside it."""
    text = visible(text, keep_newlines=False)
    runs = [len(run) for run in re.findall("`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    return f"{fence} {text} {fence}" if runs else f"`{text}`"
