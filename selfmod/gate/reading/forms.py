"""Forms of a module that hide what it does from the tests, or from whoever reads it.

Lines are counted, so two statements on one line are one to a reader of coverage; and a handler that remembers its calls
gives something else at a call that no test comes to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from sandbox.language.changing import CHANGING, sources
from sandbox.language.shared import (
    RUNNING_OUT,
    at_import,
    bound_in,
    check_changes,
    keeps_count,
    kept_of,
    top_names,
)
from sandbox.language.trees import last_name, root
from selfmod.gate.reading.parse import Found, found

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ADDRESSES: Final = frozenset({"id", "hash"})
_HINT: Final = (
    "take it as a parameter and return it, keep it in the storage of the SDK, or use functools.cache; "
    "write a registry out as a table"
)


def forms(tree: ast.Module, source: bytes, path: str) -> Iterator[Found]:
    """Yield each form that hides something."""
    yield from _lines(tree, source.split(b"\n"), path)
    yield from _memory(tree, path)
    for line, name in _addresses(tree, ()):
        message = f"{name} differs from run to run, so that no test can say what comes of it"
        yield found(
            "policy.address", message, path, line, hint="compare the values themselves; use a digest of hashlib"
        )


def _lines(tree: ast.Module, lines: list[bytes], path: str) -> Iterator[Found]:
    """Statements that begin on a line after something else; a body that does nothing may."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or _does_nothing(node) or node.lineno > len(lines):
            continue
        if lines[node.lineno - 1][: node.col_offset].strip():
            message = "this stands on the line of another statement, and a count of lines sees one"
            yield found("policy.one-line", message, path, node.lineno, hint="put it on a line of its own")


def _does_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _memory(tree: ast.Module, path: str) -> Iterator[Found]:
    """What a call changes and a later call sees."""
    places: list[tuple[int, str]] = []
    check_changes(tree, top_names(tree), lambda node, *_: places.append((_line(node), ast.unparse(node)[:60])))
    for node in ast.walk(tree):
        match node:
            case ast.Global(names=names):
                places.append((node.lineno, f"global {names[0]}"))
            case ast.Attribute(attr="cache_info"):
                places.append((node.lineno, "cache_info"))
            case _:
                pass
    places += _lasting(tree)
    places += _bound(tree)
    for line, what in dict.fromkeys(sorted(places)):
        message = f"{what} keeps something from one call to the next, which no test can follow"
        yield found("policy.memory", message, path, line, hint=_HINT)


def _bound(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Methods of values at the top that change them, under another name or given to somebody: `note = SEEN.append`.

    What is called while the file is read is over then, decorators too; and a method of a class is of no value yet.
    """
    top = top_names(tree)
    kinds = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    over = {id(part.func) for part in ast.walk(tree) if isinstance(part, ast.Call)}
    over |= {id(mark) for part in ast.walk(tree) for mark in getattr(part, "decorator_list", ())}
    for part in (part for node in at_import(tree.body) for part in ast.walk(node)):
        if not isinstance(part, ast.Attribute) or part.attr not in CHANGING or id(part) in over:
            continue
        of_class = isinstance(part.value, ast.Name) and part.value.id in kinds
        if not of_class and any(root(source) in top for source in sources(part.value)):
            yield part.lineno, ast.unparse(part)[:60]


def _lasting(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Values at the top that change by being looked at: iterators, own objects that count, closures with a memory."""
    kinds = {node.name for node in tree.body if isinstance(node, ast.ClassDef) and keeps_count(node)}
    makers = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _remembers(node)}
    for node in at_import(tree.body):
        if not isinstance(node, ast.expr):
            continue
        for part in kept_of(node):
            name = last_name(part)
            if isinstance(part, ast.GeneratorExp) or name in RUNNING_OUT | makers | kinds:
                yield _line(part), ast.unparse(part)[:60]
        if isinstance(node, ast.Name) and node.id in makers:  # a decorator
            yield node.lineno, node.id


def _remembers(function: ast.FunctionDef) -> bool:
    """Return whether a function is a generator, or gives out one that changes its variables."""
    inner = [node for item in function.body for node in ast.walk(item) if isinstance(node, _FUNCTIONS)]
    inside = {id(part) for node in inner for part in ast.walk(node)}
    if any(isinstance(node, ast.Yield | ast.YieldFrom) and id(node) not in inside for node in ast.walk(function)):
        return True
    if any(isinstance(node, ast.Nonlocal) for node in ast.walk(function)):
        return True
    changed: list[ast.AST] = []
    body = ast.Module(body=[node for node in inner if isinstance(node, ast.stmt)], type_ignores=[])
    check_changes(body, bound_in(function), lambda node, *_: changed.append(node))
    return bool(changed)


def _addresses(node: ast.AST, scopes: tuple[frozenset[str], ...]) -> Iterator[tuple[int, str]]:
    """Yield (line, what) where the address or the hash of a value is taken, but for what `__hash__` returns."""
    if isinstance(node, _FUNCTIONS):
        if _is_hash(node):
            return
        scopes = (*scopes, bound_in(node))
    elif isinstance(node, ast.Module):
        scopes = (top_names(node),)
    taken = isinstance(node, ast.Name) and node.id in _ADDRESSES and not any(node.id in names for names in scopes)
    if taken or (isinstance(node, ast.Attribute) and node.attr == "__hash__" and isinstance(node.ctx, ast.Load)):
        yield _line(node), last_name(node)
    for child in ast.iter_child_nodes(node):
        yield from _addresses(child, scopes)


def _is_hash(function: ast.AST) -> bool:
    match function:
        case ast.FunctionDef(name="__hash__", body=[*said, ast.Return(value=ast.Call(func=ast.Name(id="hash")))]):
            return all(_does_nothing(item) for item in said)
        case _:
            return False


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)
