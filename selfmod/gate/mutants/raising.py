"""What is worked out within a `raise`: the text of an exception is for people, unless somebody takes it apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# They only turn values into text; what calls anything else may do something, or be the result under another name.
_QUIET = frozenset(
    {"str", "repr", "len", "sorted", "list", "int", "round", "min", "max", "sum", "tuple", "type", "set"}
)
_OF_TEXTS = frozenset({"join", "format", "strip", "lower", "upper", "title", "keys", "items", "values", "isoformat"})
_WORK = (ast.operator, ast.cmpop, ast.boolop, ast.IfExp, ast.comprehension, ast.Subscript)


def hears(tree: ast.Module) -> bool:
    """Return whether a module takes exceptions apart: what is raised may then be a result on its way."""
    for handler in ast.walk(tree):
        if isinstance(handler, ast.ExceptHandler) and handler.name:
            told = {id(part) for node in ast.walk(handler) if isinstance(node, ast.Raise) for part in ast.walk(node)}
            names = (part for part in ast.walk(handler) if isinstance(part, ast.Name) and part.id == handler.name)
            if any(id(part) not in told for part in names):
                return True
    return False


def worked_out(raised: ast.expr | None, *, heard: bool, own: frozenset[str]) -> Iterator[ast.expr]:
    """Yield the outermost expressions in what is raised that a test could notice; `own` are the module's names."""
    if isinstance(raised, ast.Call):
        for part in (*raised.args, *(keyword.value for keyword in raised.keywords)):
            yield from _working(part, heard=heard, own=own)


def _working(node: ast.expr, *, heard: bool, own: frozenset[str]) -> Iterator[ast.expr]:
    if (isinstance(node, ast.Call) and not _is_quiet(node, own)) or (heard and _is_work(node)):
        yield node
        return
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.expr):
            yield from _working(part, heard=heard, own=own)


def _is_quiet(node: ast.Call, own: frozenset[str]) -> bool:
    match node.func:
        case ast.Name(id=name):
            return name in _QUIET and name not in own
        case ast.Attribute(attr=name):
            return name in _OF_TEXTS
        case _:
            return False


def _is_work(node: ast.expr) -> bool:
    """Return whether an expression itself works something out, and is not only text put together."""
    parts = list(ast.iter_child_nodes(node))
    texts = any(isinstance(part, ast.JoinedStr) or _is_text(part) for part in parts)
    return any(isinstance(part, _WORK) for part in [node, *parts]) and not (isinstance(node, ast.BinOp) and texts)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
