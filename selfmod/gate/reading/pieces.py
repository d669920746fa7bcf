"""The pieces of a module that must have run whatever share of it did: blocks of statements, and lambdas.

Read from the source alone. What only raises may be there for a case that nobody can bring about; it counts towards the
share and no more. The line of a lambda runs where it is made, which says nothing of whether anybody called it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from types import CodeType

from selfmod.gate.mutants.arid import Arid, is_text


def blocks(source: str, lines: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first line of each block that does more than raise, and the line that shows whether it ran.

    `lines` are those that are counted. The second is 0 where the block shares a line with what decides about it.
    """
    tree, counted = ast.parse(source), sorted(lines)
    arid, text = Arid(tree), source.encode().split(b"\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and arid.shows_itself(node):
            continue
        for body in _bodies(node):
            first, end = body[0].lineno, body[-1].end_lineno or body[-1].lineno
            own = [line for line in counted if first <= line <= end]
            if text[first - 1][: body[0].col_offset].strip():
                yield first, 0
            elif own:
                yield own[0], own[0]


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement that do more than raise; those of modules and classes run where they stand."""
    if isinstance(node, ast.Module | ast.ClassDef):
        return
    for field in ("body", "orelse", "finalbody"):
        body = getattr(node, field, None)
        if isinstance(body, list) and body and not _only_raises(body) and not (field == "orelse" and _continues(body)):
            yield body


def _continues(body: list[ast.stmt]) -> bool:
    """Return whether an `else` is an `elif`, or reads like one: the `if` in it speaks for itself."""
    return len(body) == 1 and isinstance(body[0], ast.If)


def _only_raises(body: list[ast.stmt]) -> bool:
    """Return whether a block does nothing, or works out what it raises and raises it."""
    *earlier, last = [statement for statement in body if not is_text(statement)] or [ast.Pass()]
    match last:
        case ast.Raise():
            return all(isinstance(one, ast.Assign | ast.AnnAssign) for one in earlier)
        case ast.If(body=inner, orelse=other):
            return not earlier and _only_raises(inner) and _only_raises(other)
        case _:
            return not earlier and isinstance(last, ast.Pass)


def lambdas(code: CodeType) -> Iterator[CodeType]:
    """Yield the lambdas of a module, in an order that depends on it alone."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_name == "<lambda>":
                yield part
            yield from lambdas(part)
