"""What changes nothing until a certain thing comes, found by reading alone.

`total % 65536`, `abs(change)` and `set(prices)` give what they are given as long as numbers are small and positive, and
prices different. Tests must have shown once what they are good for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from selfmod.gate.reading.bounds import called, given, length, number
from selfmod.gate.reading.choices import Condition, Constants

_GOING_THROUGH: Final = frozenset(
    {"sum", "len", "map", "filter", "zip", "list", "tuple", "sorted", "enumerate", "iter"}
)
_SUMMING: Final = frozenset({"math.fsum", "math.prod", "statistics.mean", "statistics.fmean", "statistics.median"})
# What these give has no more than 32 bits on any machine, as whoever writes the mask anyway may not know.
_OF_32_BITS: Final = frozenset({"zlib.crc32", "zlib.adler32", "binascii.crc32"})
_OPERATIONS: Final = {ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|"}
_DROPPING: Final = {
    "filter": False,
    "itertools.takewhile": False,
    "itertools.dropwhile": True,
    "itertools.filterfalse": True,
}


def idle(known: Constants) -> Iterator[Condition]:
    """Yield what must have changed or left out something, or have met something twice."""
    twice, compared, looked_up, added = set[int](), _compared(known.tree), _looked_up(known.tree), _added(known)
    for node in ast.walk(known.tree):
        mild = id(node) in compared or _is_normalised(node)
        yield from (replace(one, mild=(1,)) if mild else one for one in _unchanged(node, known))
        yield from _dropped(node, known)
        yield from _grouped(node, known)
        for row, one in _repeated(node, known):
            if id(one.node) not in twice:
                twice.add(id(one.node))
                asked = isinstance(row, ast.Name) and row.id in looked_up
                # Of what fits a condition there is often one, and a set is a way to ask which.
                fits = isinstance(one.node, ast.SetComp) and any(among.ifs for among in one.node.generators)
                yield replace(one, mild=(1,)) if asked or fits or id(node) not in added else one


def _compared(tree: ast.Module) -> set[int]:
    """Distances that are compared with something: which way they go shows in nothing that is given back."""
    sides = [(node.left, *node.comparators) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    return {id(side) for row in sides for side in row if isinstance(side, ast.Call)}


def _added(known: Constants) -> set[int]:
    """Where members are counted or added up: what is left out there is missing in a number, and nobody sees it."""
    calls = [node for node in ast.walk(known.tree) if isinstance(node, ast.Call) and _adds(node, known)]
    inside = (part for call in calls for arg in call.args for part in ast.walk(arg))
    return {*map(id, calls), *(id(part) for part in inside)}


def _adds(call: ast.Call, known: Constants) -> bool:
    plain = isinstance(call.func, ast.Name) and call.func.id in ("sum", "len")
    return plain or known.imports(call.func) in _SUMMING


def _is_normalised(node: ast.AST) -> bool:
    """Return whether a remainder is taken of one by the same number: `round(x % 360, 1) % 360`, for the last tenth."""
    match node:
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            inside = [
                part.right for part in ast.walk(left) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod)
            ]
            return ast.dump(right) in map(ast.dump, inside)
        case _:
            return False


def _looked_up(tree: ast.Module) -> set[str]:
    """The names of what things are found to be in, or which is compared with another set: a set is good for that."""
    asked: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[among]):
                asked.append(among)
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() | ast.BitXor() | ast.Sub(), right=right):
                asked += [left, right]
            case _:
                pass
    return {one.id for one in asked if isinstance(one, ast.Name)}


# ---- numbers that stay what they are -----------------------------------------------------------------------------


def _unchanged(node: ast.AST, known: Constants) -> Iterator[Condition]:
    """`x % 65536`, `x & 0xFFFF` and `abs(x)`, which are `x` for whatever is small, and positive."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if (sign := _OPERATIONS.get(type(op))) is not None:
            yield from _same(left, sign, number(right, known), node, known)
            if sign != "%":
                yield from _same(right, sign, number(left, known), node, known)
        case ast.AugAssign(target=ast.Name(), op=op, value=right) if (sign := _OPERATIONS.get(type(op))) is not None:
            if (other := number(right, known)) is not None:
                yield Condition(node=node, kind="same", needs=(1,), members=(sign, other))
        case ast.Call(func=func, args=[left, right]) if called(func, known) in ("divmod", "math.fmod"):
            yield from _same(left, "%", number(right, known), node, known)
        case ast.Call(func=func, args=[value]) if called(func, known) in ("abs", "math.fabs"):
            yield from _same(value, "abs", 0, node, known)
        case _:
            pass


def _same(value: ast.expr, sign: str, other: float | None, whole: ast.AST, known: Constants) -> Iterator[Condition]:
    narrow = isinstance(value, ast.Call) and sign == "&" and known.imports(value.func) in _OF_32_BITS
    fixed = number(value, known) is not None or known.text(value) is not None
    if other is not None and not narrow and not fixed:
        yield Condition(node=value, kind="same", needs=(1,), members=(sign, other), text=ast.unparse(whole))


def _dropped(node: ast.AST, known: Constants) -> Iterator[Condition]:
    """`filter(str.isdigit, text)` must have left something out; what a lambda compares is asked for by itself."""
    match node:
        case ast.Call(func=func, args=[asked, _]) if (name := called(func, known)) in _DROPPING:
            alone = isinstance(asked, ast.Lambda) and isinstance(asked.body, ast.Compare | ast.BoolOp | ast.UnaryOp)
            if not alone and not isinstance(asked, ast.Constant):
                members = (_DROPPING[name],)
                yield Condition(node=asked, kind="dropped", needs=(1,), members=members, text=ast.unparse(node))
        case _:
            pass


# ---- what must have come twice ------------------------------------------------------------------------------------


def _repeated(node: ast.AST, known: Constants) -> Iterator[tuple[ast.expr, Condition]]:
    """Sets that are gone through, counted or added up: without repetitions they change nothing."""
    for row in _gone(node, known):
        bare = _bare(row)
        whole = known.meant(bare)
        # A table with a name is there to be looked up in; what it is made of may be different from the start.
        items = None if isinstance(whole, ast.DictComp) and whole is not bare else _made_of(whole)
        if items is not None and length(items, known) is None:
            yield bare, Condition(node=items, kind="twice", needs=(1,), text=ast.unparse(whole))


def _bare(row: ast.expr) -> ast.expr:
    match row:
        case ast.Call(func=ast.Attribute(value=table, attr="values" | "items" | "keys"), args=[]):
            return table
        case _:
            return row


def _made_of(whole: ast.expr) -> ast.expr | None:
    """What a set is made of, or a table whose keys are the members of a row as they are."""
    match whole:
        case ast.SetComp():
            return whole
        case ast.DictComp(key=ast.Name(id=key), generators=[ast.comprehension(target=ast.Name(id=name)) as among]):
            return among.iter if key == name else None
        case (
            ast.Call(func=ast.Name(id="set" | "frozenset"), args=[items])
            | ast.Call(func=ast.Attribute(attr="fromkeys"), args=[items])
        ):
            return None if isinstance(items, ast.Starred) else items
        case ast.Set(elts=[ast.Starred(value=items)]):
            return items
        case _:
            return None


def _grouped(node: ast.AST, known: Constants) -> Iterator[Condition]:
    """`groupby` asks whether two that follow one another have the same key; without one, whether they are the same."""
    match node:
        case ast.Call(func=func, args=[row, *_]) if known.imports(func) == "itertools.groupby":
            key = given(node, 1, "key")
            asked = row if key is None or isinstance(key, ast.Constant) else key
            if not isinstance(asked, ast.Starred):
                yield Condition(node=asked, kind="neighbours", needs=(1,), text=ast.unparse(node))
        case _:
            pass


def _gone(node: ast.AST, known: Constants) -> list[ast.expr]:
    """The rows of whose members each is taken one by one here."""
    match node:
        case ast.For(iter=row) | ast.comprehension(iter=row) | ast.Starred(value=row):
            return [row]
        case ast.Call(func=ast.Name(id=name), args=args) if name in _GOING_THROUGH:
            return args
        case ast.Call(func=ast.Attribute(attr="join"), args=[row]):
            return [row]
        case ast.Call(func=func, args=[row, *_]) if known.imports(func) in _SUMMING:
            return [row]
        case _:
            return []
