"""Did an assertion notice, or did something only crash on the way? Read from the traceback, inside a sandbox worker."""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

Function = ast.FunctionDef | ast.AsyncFunctionDef


def noticed(error: BaseException, tests_root: str) -> bool:
    """Return whether an assertion of a test did not hold: it failed, or what it demands an exact value of ended badly.

    A crash in `f(1)` alone says nothing about the test; in `assert f(1) == 2` the value that was demanded did not come.
    """
    if _asserts(error, tests_root):
        return True
    # A helper of the tests may have tripped over it: what counts is who demanded something of it.
    return any(line in _demanding_lines(path) for path, line in _places(error) if path.startswith(tests_root))


def read(paths: Iterable[str]) -> None:
    """Read the test files at once, for all processes that are forked from this one."""
    for path in map(os.path.abspath, paths):
        _demanding_lines(path)
        _expecting_lines(path)


def raised(error: BaseException, tests_root: str, plugin: str) -> bool:
    """Return whether nothing was given that anybody could look at: `plugin` raised where no exception was expected.

    A plugin that works out everything twice, and raises where the two differ, notices each change by itself.
    """
    places = list(_places(error))
    if _asserts(error, tests_root) or not any(path == plugin for path, _ in places):
        return False
    return not any(line in _expecting_lines(path) for path, line in places if path.startswith(tests_root))


def _asserts(error: BaseException, tests_root: str) -> bool:
    """Return whether an assertion of a test failed: one inside the plugin is behaviour of the plugin."""
    if isinstance(error, pytest.fail.Exception):
        return True
    last = [path for path, _ in _places(error)][-1:]
    return isinstance(error, AssertionError) and any(
        path.startswith(tests_root) or f"{os.sep}_pytest{os.sep}" in path for path in last
    )


def _places(error: BaseException) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


@functools.cache
def _demanding_lines(path: str) -> frozenset[int]:
    """The lines of a test file on which an exact value, or a certain exception, is demanded."""
    tree = ast.parse(Path(path).read_bytes())
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    return frozenset(line for function in functions for line in _lines_of(function))


@functools.cache
def _expecting_lines(path: str) -> frozenset[int]:
    """The lines of a test file on which a certain exception is expected."""
    tree = ast.parse(Path(path).read_bytes())
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.With) and _expects_exception(node)]
    return frozenset(line for block in blocks for line in range(block.lineno, (block.end_lineno or block.lineno) + 1))


def _lines_of(function: Function) -> Iterator[int]:
    checks = [node for node in ast.walk(function) if isinstance(node, ast.Assert) and _is_exact(node.test)]
    names = {part.id for check in checks for part in ast.walk(check.test) if isinstance(part, ast.Name)}
    for node in ast.walk(function):
        if node in checks or _gives(node, names) or _expects_exception(node):
            assert isinstance(node, ast.stmt)
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _is_exact(test: ast.expr) -> bool:
    """Return whether an assertion holds for nearly one value only: an equality, an identity with True or False."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = node.left, node.comparators[0]
            if isinstance(node.ops[0], ast.Eq) and ast.dump(left) != ast.dump(right):
                return True
            if isinstance(node.ops[0], ast.Is) and isinstance(right, ast.Constant) and right.value is not None:
                return True
    return False


def _gives(node: ast.AST, names: set[str]) -> bool:
    """Return whether a statement gives a value to a name that an exact assertion looks at."""
    if not isinstance(node, ast.Assign):
        return False
    targets = [part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return any(name in names for name in targets)


def _expects_exception(node: ast.AST) -> bool:
    if not isinstance(node, ast.With):
        return False
    calls = [item.context_expr for item in node.items]
    return any(
        isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "raises"
        for call in calls
    )
