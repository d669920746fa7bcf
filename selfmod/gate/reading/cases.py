"""What the code of a module tells apart by constants: tables, rows, and branches; each constant as a text by `repr`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tables(tree: ast.Module) -> Iterator[tuple[ast.expr, list[tuple[str, str]]]]:
    """Yield each dictionary, or row of pairs, that is written out, with its entries."""
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        if isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            rows = [row.elts for row in node.elts if isinstance(row, ast.Tuple | ast.List) and len(row.elts) == 2]
            pairs = [(row[0], row[1]) for row in rows] if len(rows) == len(node.elts) else []
        told = [(literal(key), literal(value)) for key, value in pairs]
        entries = [(key, value) for key, value in told if key is not None and value is not None]
        if isinstance(node, ast.expr) and entries and len(entries) == len(pairs):
            yield node, entries


def rows(tree: ast.Module) -> Iterator[tuple[ast.expr, list[str]]]:
    """Yield the constants that stand in a row: what a table may be made of, if it is not written as one."""
    for node in ast.walk(tree):
        row: list[ast.expr | None] = []
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            row = list(node.elts)
        elif isinstance(node, ast.Dict):
            row = list(node.keys)
        keys = [text for item in row if (text := literal(item)) is not None]
        if isinstance(node, ast.expr) and keys and len(keys) == len(row):
            yield node, keys


def branches(tree: ast.Module) -> Iterator[tuple[Function, list[tuple[str, str]]]]:
    """Yield each function with the constants that it compares its input with and what it returns at once for each."""
    for function in ast.walk(tree):
        if isinstance(function, Function):
            entries = list(_cases(function))
            if entries:
                yield function, entries


def _cases(function: Function) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.If):
            returned = _returned(node.body)
            yield from ((key, returned) for key in _compared(node.test) if returned is not None)
        elif isinstance(node, ast.IfExp):
            chosen = literal(node.body)
            yield from ((key, chosen) for key in _compared(node.test) if chosen is not None)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Compare):
            yield from ((key, "True") for key in _compared(node.value))
        elif isinstance(node, ast.match_case):
            returned, key = _returned(node.body), _pattern(node.pattern)
            if returned is not None and key is not None:
                yield key, returned


def _compared(test: ast.expr) -> Iterator[str]:
    """The constants that a condition compares something with."""
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _compared(value)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return
    left, right = literal(test.left), literal(test.comparators[0])
    if isinstance(test.ops[0], ast.Eq | ast.Is):
        yield from (side for side in (left, right) if side is not None)
    elif isinstance(test.ops[0], ast.In) and isinstance(test.comparators[0], ast.List | ast.Tuple | ast.Set):
        yield from (key for item in test.comparators[0].elts if (key := literal(item)) is not None)


def _pattern(pattern: ast.pattern) -> str | None:
    return literal(pattern.value) if isinstance(pattern, ast.MatchValue) else None


def _returned(body: list[ast.stmt]) -> str | None:
    first = body[0]
    return literal(first.value) if isinstance(first, ast.Return) and first.value is not None else None


def literal(node: ast.expr | None) -> str | None:
    """Return a constant, whatever it is made of, as a text by `repr`; None for anything else."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
        return repr(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
