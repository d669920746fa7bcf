"""Where a tree would gain most from work: a ranked list, each place with its reason and a command that shows it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selfmod.analysis.facts import Function, Module
from selfmod.analysis.index import Index

MAX_COMPLEXITY = 10
MAX_FUNCTION_LINES = 40
MAX_MODULE_LINES = 400
MIN_COVERAGE = 0.9
_APART = {"tests", "test", "benchmarks", "docs", "examples"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """One place to improve. `score` ranks it: how much is wrong, and how much depends on it."""

    kind: str
    name: str
    path: str
    line: int
    reason: str
    command: str
    score: float

    def to_json(self) -> dict[str, object]:
        """As JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


def improvements(index: Index, *, at_most: int | None = None) -> tuple[Improvement, ...]:
    """The places to improve, the most worthwhile first."""
    found = [*_unreadable(index), *_circles(index)]
    for module in index.modules:
        if _is_product(module):
            found += _of_module(index, module)
    found.sort(key=lambda i: (-i.score, i.path, i.line, i.kind))
    return tuple(found[:at_most])


def totals(index: Index) -> dict[str, int | float | None]:
    """The figures of the whole tree."""
    measured = [(c, len(f.statements)) for _, m, f in index.functions() if (c := index.coverage(m, f)) is not None]
    statements = sum(size for _, size in measured)
    functions = list(index.functions())
    return {
        "modules": len(index.modules),
        "classes": sum(len(m.classes) for m in index.modules),
        "functions": len(functions),
        "lines": sum(m.lines for m in index.modules),
        "calls": len(index.edges),
        "calls_unresolved": sum(f.unresolved for _, _, f in functions),
        "highest_complexity": max((f.complexity for _, _, f in functions), default=0),
        "coverage": sum(c * size for c, size in measured) / statements if statements else None,
        "skipped": len(index.skipped),
    }


def _is_product(module: Module) -> bool:
    parts = module.path.split("/")
    return not _APART & set(parts[:-1]) and not parts[-1].startswith(("test_", "conftest"))


def is_public(module: Module, qualname: str) -> bool:
    """Whether a name can be used from elsewhere: no part of its path starts with an underscore."""
    return not any(p.startswith("_") for p in (*module.name.split("."), *qualname.split(".")) if not _is_magic(p))


def _is_magic(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


# --- what is wrong with one module ---


def _of_module(index: Index, module: Module) -> Iterator[Improvement]:
    if module.lines > MAX_MODULE_LINES:
        over = module.lines / MAX_MODULE_LINES
        yield _improvement(
            module, "long module", module.name, 1, f"{module.lines} lines; it does more than one thing", 4 * over
        )
    if not module.doc and (module.functions or module.classes) and is_public(module, ""):
        yield _improvement(module, "undocumented", module.name, 1, "the module does not say what it is for", 1.5)
    for cls in module.classes:
        if not cls.doc and is_public(module, cls.qualname):
            yield _improvement(
                module,
                "undocumented",
                f"{module.name}.{cls.qualname}",
                cls.line,
                "a public class without a docstring",
                1.5,
            )
    inner = {f.qualname for f in module.functions if f.kind == "inner"}
    for function in module.functions:
        yield from _of_function(index, module, function, documentable=function.qualname not in inner)


def _of_function(index: Index, module: Module, function: Function, *, documentable: bool) -> Iterator[Improvement]:
    name = f"{module.name}.{function.qualname}"
    callers = len(index.callers.get(name, ()))
    weight = 1 + min(callers, 20) / 10
    coverage = index.coverage(module, function)
    depends = f", and {callers} others call it" if callers > 1 else ""
    span = (function.line, function.end_line)
    if function.complexity > MAX_COMPLEXITY:
        untested = "" if coverage is None else f", {coverage:.0%} of it covered"
        reason = f"{function.complexity} ways through it{untested}{depends}"
        risk = function.complexity / MAX_COMPLEXITY * (2 - (1 if coverage is None else coverage))
        yield _improvement(module, "complex", name, span, reason, 3 * risk * weight)
    if function.lines > MAX_FUNCTION_LINES:
        yield _improvement(
            module, "long function", name, span, f"{function.lines} lines", 2 * function.lines / MAX_FUNCTION_LINES
        )
    if coverage is not None and coverage < MIN_COVERAGE:
        missed = round((1 - coverage) * len(function.statements))
        reason = f"{missed} of {len(function.statements)} statements never ran in the tests{depends}"
        yield _improvement(module, "uncovered", name, span, reason, (1 + missed / 5) * weight)
    if documentable and is_public(module, function.qualname):
        yield from _of_public(module, function, name, weight)
    if _is_unused(index, module, function, name):
        yield _improvement(module, "unused", name, span, "private, and nothing in its module names it", 2.0)


def _of_public(module: Module, function: Function, name: str, weight: float) -> Iterator[Improvement]:
    if not function.doc and not _is_magic(function.name) and not {"overload", "override"} & set(function.decorators):
        yield _improvement(module, "undocumented", name, function.line, "a public function without a docstring", weight)
    if function.untyped:
        reason = f"no type for {', '.join(function.untyped)}"
        yield _improvement(module, "untyped", name, function.line, reason, weight * (1 + len(function.untyped) / 4))


def _is_unused(index: Index, module: Module, function: Function, name: str) -> bool:
    own = function.name
    private = own.startswith("_") and not _is_magic(own)
    return private and not function.decorators and own not in module.words and name not in index.callers


# --- what is wrong with the tree ---


def _unreadable(index: Index) -> Iterator[Improvement]:
    for path, reason in index.skipped:
        line = int(reason.split()[1].rstrip(":")) if reason.startswith("line ") else 0
        yield Improvement(
            kind="unreadable", name=path, path=path, line=line, reason=reason, score=10.0,
            command=f"python3 -m py_compile {shlex.quote(path)}",
        )  # fmt: skip


def _circles(index: Index) -> Iterator[Improvement]:
    modules = {m.name: m for m in index.modules}
    for circle in circles(index.imports):
        paths = [modules[name].path for name in circle]
        yield Improvement(
            kind="circular import", name=" ".join(circle), path=paths[0], line=1, score=3.0 + len(circle),
            reason=f"{len(circle)} modules need each other to be imported",
            command=f"grep -nE '^(from|import) ' {shlex.join(paths)}",
        )  # fmt: skip


def circles(imports: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Groups of modules that import each other in a circle (strongly connected, by Tarjan without recursion)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[tuple[str, ...]] = []
    for start in imports:
        work = [] if start in order else [(start, iter(imports[start]))]
        while work:
            name, targets = work[-1]
            if name not in order:
                order[name] = low[name] = len(order)
                stack.append(name)
            for target in targets:
                if target not in order:
                    work.append((target, iter(imports.get(target, ()))))
                    break
                if target in stack:
                    low[name] = min(low[name], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == order[name]:
                    at = stack.index(name)
                    group, stack[at:] = tuple(sorted(stack[at:])), []
                    found += [group] if len(group) > 1 else []
    return sorted(found)


def _improvement(
    module: Module, kind: str, name: str, where: int | tuple[int, int], reason: str, score: float
) -> Improvement:
    first, last = where if isinstance(where, tuple) else (where, where + 9)
    return Improvement(
        kind=kind, name=name, path=module.path, line=first, reason=reason, score=round(score, 2),
        command=f"sed -n {first},{last}p {shlex.quote(module.path)}",
    )  # fmt: skip
