"""Comparisons whose boundary decides nothing: where both sides are equal, either way gives that same value.

`if x < low: return low` ... `return x` is the same with `<=`, so a mutant that only moves the boundary is equivalent
and no test could notice it. What stands between the two must not tell them apart either, and what is compared must not
do anything. Equal values of different types (1 and 1.0) are the price: they are not told apart here.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

_HOLDS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}
# They only look at what they are given.
_QUIET = frozenset({"abs", "float", "int", "len", "max", "min", "ord", "round", "str", "sum"})
_BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}


def moves_boundary(node: ast.expr, variant: ast.expr) -> bool:
    """Tell whether a mutant of a comparison only moves its boundary (`<` to `<=`), and does not turn it around."""
    match node, variant:
        case ast.Compare(ops=[before]), ast.Compare(ops=[after]):
            return _BOUNDARY.get(type(before)) is type(after)
        case _:
            return False


def indifferent(body: list[ast.stmt]) -> set[ast.expr]:
    """Return the comparisons of the `if` statements of a block that pick one of the two values they compare."""
    found: set[ast.expr] = set()
    for index, statement in enumerate(body):
        if isinstance(statement, ast.If):
            found |= _picking(statement, body[index + 1 :])
    return found


def indifferent_choice(node: ast.expr) -> set[ast.expr]:
    """Return the comparison of `low if x < low else x`."""
    match node:
        case ast.IfExp(test=ast.Compare(ops=[_]) as test, body=body, orelse=other) if _quiet(test):
            return {test} if {ast.unparse(body), ast.unparse(other)} == _sides(test) else set()
        case _:
            return set()


def _picking(node: ast.If, rest: list[ast.stmt]) -> set[ast.expr]:
    if not (isinstance(node.test, ast.Compare) and len(node.test.ops) == 1 and _quiet(node.test)):
        return set()
    sides = _sides(node.test)
    match node.body:
        case [ast.Return(value=ast.expr() as value)] if ast.unparse(value) in sides:
            return {node.test} if _ends_in(node.orelse or rest, node.test) else set()
        case [ast.Assign(targets=[target], value=value)] if not node.orelse:
            return {node.test} if {ast.unparse(target), ast.unparse(value)} == sides else set()
        case _:
            return set()


def _ends_in(path: list[ast.stmt], equal: ast.Compare) -> bool:
    """Tell whether a path, taken where both sides of a comparison are equal, gives back one of them."""
    match path:
        case [ast.Return(value=ast.expr() as value)]:
            return ast.unparse(value) in _sides(equal)
        case [ast.If(test=test, body=[ast.Return(value=ast.expr() as value)], orelse=other), *rest]:
            taken_or_not = ast.unparse(value) in _sides(equal) and _quiet(test)
            return (taken_or_not or _never(test, equal)) and _ends_in(other or rest, equal)
        case _:
            return False


def _never(test: ast.expr, equal: ast.Compare) -> bool:
    """Tell whether a comparison with a number is wrong where a value equals another number: `x > 9` where `x` is 0."""
    match test, equal.left, equal.comparators[0]:
        case (
            ast.Compare(left=left, ops=[how], comparators=[ast.Constant(value=int() | float() as bound)]),
            value,
            ast.Constant(value=int() | float() as known),
        ) if ast.unparse(left) == ast.unparse(value):
            return type(how) in _HOLDS and not _HOLDS[type(how)](known, bound)
        case _:
            return False


def _quiet(node: ast.expr) -> bool:
    """Tell whether working out an expression does nothing else."""
    loud = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    quiet = all(isinstance(function, ast.Name) and function.id in _QUIET for function in calls)
    return quiet and not any(isinstance(part, loud) for part in ast.walk(node))


def _sides(node: ast.Compare) -> set[str]:
    return {ast.unparse(node.left), ast.unparse(node.comparators[0])}
