"""Comparisons whose boundary decides nothing: where both sides are equal, either way gives that same value.

`if x < low: return low` ... `return x` is the same with `<=`, so a mutant that only moves the boundary is equivalent
and no test could notice it. Equal values of different types (1 and 1.0) are the price: they are not told apart here.
"""

from __future__ import annotations

import ast

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
        case ast.IfExp(test=ast.Compare(ops=[_]) as test, body=body, orelse=other):
            return {test} if {ast.unparse(body), ast.unparse(other)} == _sides(test) else set()
        case _:
            return set()


def _picking(node: ast.If, rest: list[ast.stmt]) -> set[ast.expr]:
    if not (isinstance(node.test, ast.Compare) and len(node.test.ops) == 1):
        return set()
    sides = _sides(node.test)
    match node.body:
        case [ast.Return(value=ast.expr() as value)] if ast.unparse(value) in sides:
            return {node.test} if _ends_in(node.orelse or rest, sides) else set()
        case [ast.Assign(targets=[target], value=value)] if not node.orelse:
            return {node.test} if {ast.unparse(target), ast.unparse(value)} == sides else set()
        case _:
            return set()


def _ends_in(path: list[ast.stmt], sides: set[str]) -> bool:
    """Tell whether a path that takes none of the following early returns gives back one of `sides`."""
    match path:
        case [ast.Return(value=ast.expr() as value)]:
            return ast.unparse(value) in sides
        case [ast.If(body=[ast.Return()], orelse=other), *rest]:
            return _ends_in(other or rest, sides)
        case _:
            return False


def _sides(node: ast.Compare) -> set[str]:
    return {ast.unparse(node.left), ast.unparse(node.comparators[0])}
