"""Whole numbers that something is worked out of with constants alone, and that may come out as they went in.

`int(str(price)[-5:])`, `sorted([0, price, 65535])[1]` and `pow(price, 1, 65536)` are ways to write a number that is
another one only when it is large, or negative. Found by reading; whether one ever is another, the tests show.
"""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Iterator
from typing import Final, TypeGuard

from sandbox.language.trees import bindings
from selfmod.gate.reading.bounds import called, length, number
from selfmod.gate.reading.choices import Condition, Constants

_LARGEST: Final = 200  # nodes of an expression
_WORKING: Final = (ast.Call, ast.BinOp, ast.Subscript)
_PARTS: Final = (
    *(*_WORKING, ast.UnaryOp, ast.List, ast.Tuple, ast.Starred, ast.Slice, ast.Constant, ast.Attribute, ast.Name),
    *(ast.JoinedStr, ast.FormattedValue, ast.keyword, ast.operator, ast.unaryop, ast.expr_context),
)
_GIVING: Final = frozenset({"int", "sum", "max", "min", "pow", "len", "ord", "round"})
_COUNTING: Final = frozenset({"math", "operator", "functools", "statistics", "bisect"})
# Whoever only converts or rounds a number wants it of a kind, whatever it is.
_CONVERTING: Final = frozenset(
    {"int", "float", "str", "repr", "round", "math.floor", "math.ceil", "math.trunc", "operator.index"}
    | {"decimal.Decimal", "fractions.Fraction"}
)


def chains(known: Constants, asked: frozenset[int]) -> Iterator[Condition]:
    """Yield what is worked out of one expression with that one, but for those by `id` that are asked for already."""
    reader = _Reader(known)
    for node in ast.walk(known.tree):
        if not _gives_a_number(node, known) or len([*itertools.islice(ast.walk(node), _LARGEST)]) == _LARGEST:
            continue
        for source in reader.sources(node):
            if id(source) not in asked and not _is_plain(node, source, known) and not _is_remainder(source):
                text = f"{ast.unparse(node)} is {ast.unparse(source)}"
                yield Condition(node=node, kind="self", needs=(1,), source=source, text=text)


def _gives_a_number(node: ast.AST, known: Constants) -> TypeGuard[ast.expr]:
    """Return whether something may be a whole number that is worked out, and not only taken from somewhere."""
    match node:
        case ast.BinOp():
            return True
        case ast.Call(func=func):
            module, _, name = called(func, known).rpartition(".")
            return module in _COUNTING or (not module and name in _GIVING) or ast.unparse(func) == "int.from_bytes"
        case ast.Subscript(value=row, slice=place, ctx=ast.Load()):
            worked_out = isinstance(row, ast.Call | ast.BinOp | ast.List | ast.Tuple) or length(row, known) is not None
            return worked_out and not isinstance(place, ast.Slice)
        case _:
            return False


def _is_plain(node: ast.expr, source: ast.expr, known: Constants) -> bool:
    """`x + 1` is never `x`, and `x * 1` always, as mutants show; and no row is a number, as in `sum(x)`."""
    match node:
        case ast.Call(func=ast.Name(id="len" | "sum" | "max" | "min"), args=[row]):
            return row is source
        case ast.BinOp(left=left, right=right):
            other = right if left is source else left
            return source in (left, right) and number(other, known) is not None
        case _:
            return False


def _is_remainder(node: ast.expr) -> bool:
    """`(x % 360 + 360) % 360` is the remainder again, for those who are used to languages in which it is not."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)


class _Reader:
    """Finds what of an expression everything else in it is done to."""

    def __init__(self, known: Constants) -> None:
        self._known, self._bound = known, frozenset(bindings(known.tree))

    def sources(self, node: ast.expr) -> Iterator[ast.expr]:
        """Yield each part that, wherever it stands in an expression, leaves nothing but constants beside it."""
        taken: set[str] = set()
        for part in self._within(node):
            shown = ast.dump(part)
            if shown not in taken and not self._is_fixed(part, ""):
                taken.add(shown)
                if self._is_fixed(node, shown) and not self._converts(node, shown):
                    yield part

    def _within(self, node: ast.AST) -> Iterator[ast.expr]:
        for part in ast.iter_child_nodes(node):
            if isinstance(part, _PARTS) and not (isinstance(node, ast.Call) and part is node.func):
                if isinstance(part, ast.expr) and not isinstance(part, ast.Starred | ast.Slice | ast.Constant):
                    yield part
                yield from self._within(part)
            elif isinstance(part, ast.Attribute):
                yield part.value
                yield from self._within(part.value)
            elif isinstance(part, ast.expr):
                yield part

    def _is_fixed(self, node: ast.AST, source: str) -> bool:
        """Return whether an expression is made of constants, and of what is shown as `source`."""
        if isinstance(node, ast.Name):
            return source == ast.dump(node) or self._is_constant(node)
        if source and ast.dump(node) == source:
            return True
        return isinstance(node, _PARTS) and all(self._is_fixed(part, source) for part in ast.iter_child_nodes(node))

    def _is_constant(self, name: ast.Name) -> bool:
        known = self._known
        if name.id in known.imported or (name.id in vars(builtins) and name.id not in self._bound):
            return True
        return known.meant(name) is not name and bool(number(name, known) is not None or length(name, known))

    def _converts(self, node: ast.AST, source: str) -> bool:
        if ast.dump(node) == source:
            return True
        match node:
            case ast.Call(func=func, args=[inner, *_]) if called(func, self._known) in _CONVERTING:
                return self._converts(inner, source)
            case ast.Call(func=ast.Attribute(value=inner, attr="strip"), args=[]):
                return self._converts(inner, source)
            case _:
                return False
