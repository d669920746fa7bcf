"""What an operand is good for: a question, a value that stands in for another, or one more reason to refuse.

Found by reading alone. `name or "nobody"` asks nothing, and `if size < 0 or size > 9: raise` refuses what it asks for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final, Literal

OTHER: Final = 2  # what is seen of an operand, beside its truth, if its value is neither True nor False
# The truth of an operand is asked for; of a value that is used it is asked on the way; the last one's is not asked.
Role = Literal["asked", "default", "last"]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_BITS: Final = (ast.BitOr, ast.BitAnd, ast.BitXor)


def roles(tree: ast.Module) -> Mapping[int, Role]:
    """Return the roles of expressions by `id`; what is not among them is asked."""
    found: dict[int, Role] = {}
    for node in ast.walk(tree):
        for test in _tests(node):
            _mark(test, "asked", found)
    for node in ast.walk(tree):  # outer ones come first
        match node:
            case ast.BoolOp() if id(node) not in found:
                _mark(node, "last", found)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _BITS):
                found |= {id(left): "last", id(right): "last"}
            case _:
                pass
    return found


def _tests(node: ast.AST) -> Iterator[ast.expr]:
    """What is asked for its truth and for nothing else."""
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            yield test
        case ast.UnaryOp(op=ast.Not(), operand=test) | ast.match_case(guard=ast.expr() as test):
            yield test
        case ast.comprehension(ifs=tests):
            yield from tests
        case ast.Call(func=ast.Name(id="bool"), args=[test]):
            yield test
        case ast.FunctionDef(returns=ast.Name(id="bool")) | ast.AsyncFunctionDef(returns=ast.Name(id="bool")):
            yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value)
        case _:
            pass


def _mark(node: ast.expr, role: Role, found: dict[int, Role]) -> None:
    found.setdefault(id(node), role)
    if isinstance(node, ast.BoolOp):
        *earlier, last = node.values
        for value in earlier:
            _mark(value, "default" if role == "last" else role, found)
        _mark(last, role, found)


def refusing(tree: ast.Module) -> Mapping[int, int]:
    """Return by `id` the operands of conditions that only raise, with the truth value that lets it raise."""
    caught = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        for statement in node.body
        for part in ast.walk(statement)
    }
    found: dict[int, int] = {}
    for node in ast.walk(tree):
        match node:
            # What is raised and caught at once is no refusal but a way to somewhere.
            case ast.If(test=test, body=[ast.Raise()]) if id(node) not in caught:
                _raises(test, 1, found)
            case _:
                pass
    return found


def _raises(node: ast.expr, truth: int, found: dict[int, int]) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _raises(value, truth, found)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            found[id(node)] = truth
            _raises(operand, 1 - truth, found)
        case _:
            found[id(node)] = truth
