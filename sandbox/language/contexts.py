"""What may stand in a `with` of a test file: what is known to let a failed assertion through.

A context manager sees what its block raises and may swallow it, so that a test passes whose assertion failed. So there
is a list; beside it stand the plugin's own context managers, and those that a generator of the test file makes.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Final

from sandbox.language.annotations import Report
from sandbox.language.trees import assigned, last_name, names_bound_by

_EXPECTING: Final = frozenset({"raises", "warns", "deprecated_call"})
_PLAIN: Final = frozenset({"outside", "localcontext", "nullcontext", "closing", "StringIO", "BytesIO"})
_MAKERS: Final = frozenset({"contextmanager", "asynccontextmanager"})
_HINT: Final = "use pytest.raises, testing.outside, nullcontext or a context manager of the plugin"
_LEAVES: Final = (ast.Return, ast.Break, ast.Continue)
Function = ast.FunctionDef | ast.AsyncFunctionDef
_OWN: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def check_contexts(tree: ast.Module, subjects: frozenset[str], report: Report) -> None:
    """Report each `with` over something that may swallow a failure, and each `finally` that does."""
    imported = _imported(tree)
    roots = subjects | frozenset(_makers(tree))
    roots |= frozenset(_givers(tree, roots, imported))
    roots |= _from_them(tree, roots)
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if not _is_known(item.context_expr, roots, imported):
                    message = f"{ast.unparse(item.context_expr)[:60]} may swallow a failed assertion"
                    report(item.context_expr, "tests.context", message, _HINT)
        if isinstance(node, ast.Try):
            for statement in node.finalbody:
                if any(isinstance(part, _LEAVES) for part in _here(statement)):
                    message = "leaving a finally clause swallows what was raised"
                    report(statement, "tests.swallowed", message, "let the clause run to its end")


def expects(item: ast.withitem) -> bool:
    """Return whether a `with` item is pytest.raises or pytest.warns."""
    return last_name(item.context_expr) in _EXPECTING and isinstance(item.context_expr, ast.Call)


def _is_known(node: ast.expr, roots: frozenset[str], imported: frozenset[str]) -> bool:
    called = isinstance(node, ast.Call) and last_name(node) in _EXPECTING | _PLAIN
    return (called and _root(node) in imported) or _root(node) in roots


def _imported(tree: ast.Module) -> frozenset[str]:
    """Return the names that import statements bind and nothing else does."""
    imported, others = set[str](), set[str]()
    for node in ast.walk(tree):
        (imported if isinstance(node, (ast.Import, ast.ImportFrom)) else others).update(names_bound_by(node))
    return frozenset(imported - others)


def _root(node: ast.expr) -> str:
    """Return the name that an expression starts from: `store` of `store.open("x").lock()`."""
    while True:
        match node:
            case ast.Call(func=inner) | ast.Attribute(value=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Await(value=inner):
                node = inner
            case ast.Name(id=name):
                return name
            case _:
                return ""


def _makers(tree: ast.Module) -> Iterator[str]:
    """Yield the generators of the file that are context managers and yield where nothing is caught."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and any(last_name(item) in _MAKERS for item in node.decorator_list):
            caught = (part for part in ast.walk(node) if isinstance(part, ast.Try) and part.handlers)
            inside = (inner for part in caught for statement in part.body for inner in ast.walk(statement))
            if not any(isinstance(inner, ast.Yield) for inner in inside):
                yield node.name


def _givers(tree: ast.Module, roots: frozenset[str], imported: frozenset[str]) -> Iterator[str]:
    """Yield the functions of the file, bound once, that give nothing but known ones: `at(9)` for `outside(now=9)`."""
    bound = Counter(name for node in ast.walk(tree) for name in names_bound_by(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and bound[node.name] == 1 and not node.decorator_list:
            inside = [*ast.walk(node)]
            given = [part.value for part in inside if isinstance(part, ast.Return)]
            plain = not any(isinstance(part, ast.Yield | ast.YieldFrom) for part in inside)
            if given and plain and all(value is not None and _is_known(value, roots, imported) for value in given):
                yield node.name


def _from_them(tree: ast.Module, roots: frozenset[str]) -> frozenset[str]:
    """Return the names whose every value is made by one of them: variables, and fixtures of the file."""
    made: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        for name, value in _given(node):
            made.setdefault(name, []).append(value)
    found: frozenset[str] = frozenset()
    while True:
        known = roots | found
        added = {name for name, values in made.items() if all(_root(value) in known for value in values)} - known
        if not added:
            return found
        found |= added


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
            yield name, value
        case ast.FunctionDef(name=name, decorator_list=decorators):
            if any(last_name(item) == "fixture" for item in decorators):
                for part in ast.walk(node):
                    if isinstance(part, (ast.Return, ast.Yield)) and part.value is not None:
                        yield name, part.value
        case _:
            yield from assigned(node)


def _here(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield a statement and what is in it, without the functions and loops that a `break` could belong to."""
    yield statement
    if isinstance(statement, (*_OWN, ast.For, ast.AsyncFor, ast.While)):
        returns = () if isinstance(statement, _OWN) else ast.walk(statement)
        yield from (part for part in returns if isinstance(part, ast.Return))
        return
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield from _here(child)
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from (part for inner in child.body for part in _here(inner))
