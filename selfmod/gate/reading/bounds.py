"""What ends rows at a constant, found by reading alone.

`islice(rows, 60)`, `rows[:60]` and `zip(rows, range(60))` give all rows as long as there are few. Of each it is said
how many the tests must have brought once.
"""

from __future__ import annotations

import ast
import calendar
import copy
import re
import string
from collections.abc import Iterator
from typing import Final

from selfmod.gate.reading.choices import Bounding, Condition, Constants

_STANDARD: Final = {
    **{f"string.{name}": len(value) for name, value in vars(string).items() if isinstance(value, str)},
    **dict.fromkeys(("calendar.day_name", "calendar.day_abbr"), len(calendar.day_name)),
    **dict.fromkeys(("calendar.month_name", "calendar.month_abbr"), len(calendar.month_name)),
}
_DEEPEST: Final = 20  # of rows made of rows
_FAR: Final = 10**12  # whatever is bounded there is not
_SAME_LENGTH: Final = frozenset({"list", "tuple", "sorted", "reversed", "enumerate", "iter"})
_CODES: Final = re.compile(r"(\d*)([a-zA-Z?])")
_TEXT_CUT: Final = re.compile(r".*\.(\d+)s?")


def bounds(known: Constants) -> Iterator[Condition]:
    """Yield what tests must have gone beyond, or at least have come to."""
    for node in ast.walk(known.tree):
        yield from _cut(node, known)
        yield from _beside(node, known)
        yield from _gone_through(node, known)


# ---- rows that are cut -------------------------------------------------------------------------------------------


def _cut(node: ast.AST, known: Constants) -> Iterator[Condition]:
    match node:
        case ast.Subscript(slice=ast.Slice() as part, ctx=ast.Load()):
            yield from _sliced(node, part, known)
        case ast.Subscript(value=row, slice=ast.Slice() as part, ctx=ast.Del() | ast.Store()):
            yield from _taken_away(node, row, part, known)
        case ast.Subscript(slice=ast.Call(func=ast.Name(id="slice"), args=ends), ctx=ast.Load()) if len(ends) < 3:
            yield from _sliced(node, ast.Slice(lower=ends[0] if ends[1:] else None, upper=ends[-1]), known)
        case ast.FormattedValue(
            value=row, conversion=-1, format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec))])
        ):
            if found := _TEXT_CUT.fullmatch(spec):
                yield from _bound("cut", row, int(found[1]), node)
        case ast.Call(func=ast.Attribute(value=row, attr="most_common"), args=[count]):
            yield from _bound("cut", row, _whole(count, known), node)
        case ast.Call(func=ast.Attribute(attr="split" | "rsplit")):
            yield from _bound("cut", node, _whole(given(node, 1, "maxsplit"), known), node)
        case ast.Call(args=args):
            yield from _counted(node, args, known)
        case _:
            pass


def _counted(node: ast.Call, args: list[ast.expr], known: Constants) -> Iterator[Condition]:
    match known.imports(node.func), args:
        case "itertools.islice", [row, stop]:
            yield from _bound("cut", row, _whole(stop, known), node)
        case "itertools.islice", [row, _, stop, *_]:
            yield from _bound("full", row, _whole(stop, known), node)
        case "heapq.nlargest" | "heapq.nsmallest", [count, row]:
            yield from _bound("cut", row, _whole(count, known), node)
        case "textwrap.shorten", [row, *_]:
            yield from _bound("cut", row, _whole(given(node, 1, "width"), known), node)
        case "struct.pack", [form, *values]:
            yield from _packed(node, known.text(form) or "", values)
        case "collections.deque", _:
            yield from _bound("ring", node, _whole(given(node, 1, "maxlen"), known), node)
        case _:
            pass


def _packed(node: ast.Call, form: str, values: list[ast.expr]) -> Iterator[Condition]:
    """`struct.pack("8s", name)` cuts a name off that is longer, and says nothing."""
    places = [
        (int(times or 1) if code in "sp" else 0)
        for times, code in _CODES.findall(form)
        for _ in range(1 if code in "sp" else min(int(times or 1), len(values)) * (code != "x"))
    ]
    for value, most in zip(values, places, strict=False):
        if not isinstance(value, ast.Constant):
            yield from _bound("cut", value, most, node)


def _sliced(whole: ast.Subscript, part: ast.Slice, known: Constants) -> Iterator[Condition]:
    """`x[:80]` and `x[-80:]` must have cut something off; of `x[16:24]` it is enough that it was there."""
    row, lower, upper = whole.value, _whole(part.lower, known), _whole(part.upper, known)
    if length(row, known) is not None:
        return
    if part.lower is None or lower == 0:
        yield from _bound("cut", row, upper, whole)
    elif part.upper is None and lower is not None:
        yield from _bound("cut", row, -lower, whole)
    elif lower is not None and lower > 0:
        yield from _bound("full", row, upper, whole)


def _taken_away(whole: ast.expr, row: ast.expr, part: ast.Slice, known: Constants) -> Iterator[Condition]:
    """`del x[80:]` and `del x[:-80]` leave 80."""
    lower, upper = _whole(part.lower, known), _whole(part.upper, known)
    if part.upper is None and lower is not None:
        yield from _bound("cut", row, lower, whole)
    elif part.lower is None and upper is not None and upper < 0:
        yield from _bound("cut", row, -upper, whole)


def _bound(kind: Bounding, row: ast.expr, most: int | None, whole: ast.AST) -> Iterator[Condition]:
    if most is not None and most > 1 and not isinstance(row, ast.Starred):
        yield Condition(node=row, kind=kind, needs=(1,), members=(most,), text=ast.unparse(whole))


# ---- rows that something else bounds ------------------------------------------------------------------------------


def _beside(node: ast.AST, known: Constants) -> Iterator[Condition]:
    """`zip(prices, range(60))` ends where the constant does, unless told to be strict."""
    match node:
        case ast.Call(func=ast.Name(id="zip"), args=rows, keywords=[]):
            pass
        case ast.Call(func=ast.Name(id="zip"), args=rows, keywords=[ast.keyword(value=ast.Constant(value=False))]):
            pass
        case ast.Call(func=ast.Name(id="map"), args=[_, *rows], keywords=[]):
            pass
        case ast.Call(func=func, args=rows) if known.imports(func) == "itertools.compress":
            pass
        case _:
            return
    lengths = {id(row): length(row, known) for row in rows}
    least = min((count for count in lengths.values() if count is not None), default=None)
    for row in rows:
        if lengths[id(row)] is None:
            yield from _bound("full", row, least, node)


def _gone_through(node: ast.AST, known: Constants) -> Iterator[Condition]:
    """`for place in range(50): rows[place : place + 1]` never gets to row 51, and nothing says so."""
    match node:
        case ast.For(target=ast.Name(id=place), iter=among):
            parts = [part for statement in node.body for part in ast.walk(statement)]
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            (first, *_) = node.generators
            if not isinstance(first.target, ast.Name):
                return
            place, among, parts = first.target.id, first.iter, [*ast.walk(node)]
        case _:
            return
    places = _range(among, known)
    last = max(places[0], places[-1]) if places else 0
    for part in parts:
        match part:
            case ast.Subscript(value=row, slice=ast.Slice() as taken) if length(row, known) is None:
                yield from _bound("full", row, _needed(taken, place, last, known), part)
            case _:
                pass


def _needed(taken: ast.Slice, name: str, last: int, known: Constants) -> int | None:
    """How many a row must have for its last part to have one, where a name is a number at last."""
    ends = [end for end in (taken.lower, taken.upper) if end is not None]
    if not any(isinstance(part, ast.Name) and part.id == name for end in ends for part in ast.walk(end)):
        return None
    needed = _whole(_Instead(name, last).visit(copy.deepcopy(ends[0])), known)
    return None if needed is None else needed + (taken.lower is not None)


class _Instead(ast.NodeTransformer):
    """A number in place of a name."""

    def __init__(self, name: str, number: int) -> None:
        self._name, self._number = name, number

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(value=self._number) if node.id == self._name else node


def length(node: ast.expr, known: Constants, depth: int = 0) -> int | None:
    """Return how long a row is that stands in the source, None where that cannot be read off."""
    meant = known.meant(node)
    text = known.text(meant)
    if text is not None or depth > _DEEPEST:
        return None if text is None else len(text)
    match meant:
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return None if any(isinstance(item, ast.Starred) for item in items) else len(items)
        case ast.Dict(keys=keys):
            return None if None in keys else len(keys)
        case ast.Call(func=ast.Name(id="range")) if (places := _range(meant, known)) is not None:
            return len(places)
        case ast.Call(func=ast.Name(id=name), args=[row]) if name in _SAME_LENGTH:
            return length(row, known, depth + 1)
        case ast.Call(func=func, args=[_, times]) if known.imports(func) == "itertools.repeat":
            return _whole(times, known)
        case ast.BinOp(left=row, op=ast.Mult(), right=times):
            one, count = length(row, known, depth + 1), _whole(times, known)
            return None if one is None or count is None else one * count
        case _:
            return _STANDARD.get(known.imports(meant))


def _range(node: ast.expr, known: Constants) -> range | None:
    match known.meant(node):
        case ast.Call(func=ast.Name(id="range"), args=ends) if ends and len(ends) < 4:
            numbers = [one for end in ends if (one := _whole(end, known)) is not None]
            return range(*numbers) if len(numbers) == len(ends) and numbers[2:] != [0] else None
        case _:
            return None


def _whole(node: ast.expr | None, known: Constants) -> int | None:
    value = None if node is None else number(node, known)
    return value if isinstance(value, int) and abs(value) < _FAR else None


def number(node: ast.expr, known: Constants) -> int | float | None:
    """Return the number that an expression is, also how long a row is that stands in the source."""
    match known.meant(node):
        case ast.Call(func=ast.Name(id="len"), args=[row]):
            return length(row, known)
        case _:
            return known.number(node)


def given(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """Return what a call is given at a place, or by name."""
    named = {one.arg: one.value for one in call.keywords}
    return call.args[place] if len(call.args) > place else named.get(name)


def called(func: ast.expr, known: Constants) -> str:
    """Return the name of what is called, with its module where it is imported, "" where it has none."""
    return func.id if isinstance(func, ast.Name) and func.id not in known.imported else known.imports(func)
