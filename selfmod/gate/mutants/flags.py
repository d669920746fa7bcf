"""Numbers that are kept only to be asked for their truth: as a flag, 2 is as good as 1.

A row that the module makes itself, under a name of its own, from which nothing is ever read but its length and whether
what stands in a place is true. Then it never leaves the module, and no result can depend on which number it holds.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sandbox.language.trees import bindings

_MAKING = frozenset({"bytearray", "list", "dict"})
_BUILTIN = _MAKING | {"len", "any", "all"}
# What reaches values by names that are not in the text.
_BY_OTHER_NAMES = frozenset({"vars", "getattr", "locals", "globals", "dir", "attrgetter", "copy", "deepcopy"})
_UNDERSCORED = re.compile(r"_\w+")
_BYTE = range(1, 256)  # what every row holds; of a larger number a `bytearray` would say so


def flags(tree: ast.Module, truths: AbstractSet[ast.expr]) -> Iterator[ast.expr]:
    """Yield the constants that are put into such rows; `truths` are the expressions whose truth is all that counts."""
    named = Counter(name for node in ast.walk(tree) for name in _names(node))
    if named.keys() & _BY_OTHER_NAMES or {"__getitem__", "__setitem__", "__len__", *_BUILTIN} & {*bindings(tree)}:
        return
    uses = [use for node in ast.walk(tree) for use in _uses(node, truths)]
    known, shown = Counter(name for name, _ in uses), {*_shown(tree)}
    yield from (put for name, put in uses if put is not None and known[name] == named[name] and name not in shown)


def is_same_flag(before: object, after: object) -> bool:
    """Tell whether two numbers are one flag, in whatever row."""
    return type(before) is int and type(after) is int and before in _BYTE and after in _BYTE


def _names(node: ast.AST) -> Iterator[str]:
    """What a node names: attributes count by their name, whatever they are of."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.MatchClass(kwd_attrs=names):
            yield from names
        case _:
            pass


def _shown(tree: ast.Module) -> Iterator[str]:
    """What is reached from outside, or by a text."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from (part.id for part in ast.walk(statement) if isinstance(part, ast.Name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _UNDERSCORED.findall(node.value)


def _uses(node: ast.AST, truths: AbstractSet[ast.expr]) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the uses that tell nothing of the numbers in a row, with what is put into it."""
    match node:
        case ast.Assign(targets=[row], value=made) | ast.AnnAssign(target=row, value=ast.expr() as made) if _is_made(
            made
        ):
            yield from ((name, None) for name in _row(row))
        case ast.Assign(targets=[ast.Subscript(value=row, slice=place)], value=put) if not isinstance(place, ast.Slice):
            yield from ((name, put) for name in _row(row))
        case ast.Call(func=ast.Name(id="len"), args=[row], keywords=[]):
            yield from ((name, None) for name in _row(row))
        case ast.Subscript(value=row, ctx=ast.Load()) if node in truths:
            yield from ((name, None) for name in _row(row))
        case _:
            pass


def _row(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(attr=name) if name.startswith("_"):
            yield name
        case _:
            pass


def _is_made(value: ast.expr) -> bool:
    """Return whether a value is a new row, which has no other name yet."""
    match value:
        case ast.Call(func=ast.Name(id=name)) if name in _MAKING:
            return True
        case ast.BinOp(left=ast.List(), op=ast.Mult()) | ast.List() | ast.Dict() | ast.ListComp() | ast.DictComp():
            return True
        case _:
            return False
