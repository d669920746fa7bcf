"""The mutation operators: what one expression or statement may become. Types are kept where the source shows them."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator

_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
# Calls that take and give the same kinds of values.
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_METHODS = {
    "lower": "upper", "upper": "lower", "casefold": "upper", "title": "lower", "capitalize": "upper",
    "startswith": "endswith", "endswith": "startswith", "lstrip": "rstrip", "rstrip": "lstrip", "strip": "rstrip",
    "split": "rsplit", "rsplit": "split", "find": "rfind", "rfind": "find", "partition": "rpartition",
    "rpartition": "partition", "ljust": "rjust", "rjust": "ljust", "union": "intersection", "intersection": "union",
    "isdigit": "isalpha", "isalpha": "isdigit", "isupper": "islower", "islower": "isupper",
    "popleft": "pop", "appendleft": "append", "floor": "ceil", "ceil": "floor",
    "bisect_left": "bisect_right", "bisect_right": "bisect_left",
}  # fmt: skip
# The same word means the same thing without arguments and with whole separators only.
_SPLITS = ("split", "rsplit", "partition", "rpartition", "strip")
_TRANSPARENT = {"sorted": "list", "reversed": "iter"}


def expression_variants(node: ast.expr, *, condition: bool) -> Iterator[tuple[str, ast.expr]]:
    """What one expression may become."""
    match node:
        case ast.Compare(ops=[operator]):
            for changed in _COMPARE.get(type(operator), ()):
                yield "compare", _with(node, ops=[changed()])
        case ast.BoolOp(op=operator, values=values):
            yield "logic", _with(node, op=ast.Or() if isinstance(operator, ast.And) else ast.And())
            if len(values) == 2:
                yield "logic", copy.deepcopy(values[0])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "logic", _call("bool", operand)
        case ast.UnaryOp(op=ast.USub(), operand=operand) if not isinstance(operand, ast.Constant):
            yield "arithmetic", copy.deepcopy(operand)
        case ast.BinOp():
            yield from _arithmetic(node)
        case ast.Constant():
            yield from _constant(node)
        case ast.JoinedStr(values=values) if sum(isinstance(part, ast.FormattedValue) for part in values) > 1:
            yield "text", _with(node, values=[copy.deepcopy(part) for part in reversed(values)])
        case ast.IfExp(body=body, orelse=other):
            yield "branch", copy.deepcopy(body)
            yield "branch", copy.deepcopy(other)
        case ast.Call():
            yield from _calls(node)
        case ast.Subscript(slice=ast.Slice(lower=lower, upper=upper, step=step)):
            yield from _slice(node, lower, upper, step)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _comprehension(node)
        case _:
            pass
    if condition and not isinstance(node, ast.Compare | ast.Constant):
        yield "condition", ast.UnaryOp(op=ast.Not(), operand=copy.deepcopy(node))


def statement_variants(node: ast.stmt) -> Iterator[tuple[str, list[ast.stmt]]]:
    """What one statement may become."""
    match node:
        case ast.Expr(value=ast.Call()) | ast.Expr(value=ast.Await()):
            yield "removed", [ast.Pass()]
        case ast.AugAssign(target=target, op=operator, value=value):
            changed = _ARITHMETIC.get(type(operator))
            if changed and not _is_text(value):
                yield (
                    "arithmetic",
                    [ast.AugAssign(target=copy.deepcopy(target), op=changed(), value=copy.deepcopy(value))],
                )
            yield "removed", [ast.Pass()]
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield "removed", [ast.Pass()]
        case ast.Raise(exc=exc) if exc is not None:
            yield "removed", [ast.Pass()]
        case ast.Continue():
            yield "jump", [ast.Break()]
        case ast.Break():
            yield "jump", [ast.Continue()]
        case ast.Return(value=value) if value is not None:
            yield from _returned(value)
        case ast.If(body=body, orelse=[]) if not isinstance(body[0], ast.Raise):
            yield "branch", [ast.Pass()]


def _with(node: ast.expr, **changes: object) -> ast.expr:
    changed = copy.deepcopy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[copy.deepcopy(arg) for arg in args], keywords=[])


def _is_text(node: ast.expr) -> bool:
    """Return whether an expression is plainly a text or a sequence, where other arithmetic would only crash."""
    match node:
        case ast.JoinedStr() | ast.List() | ast.Tuple() | ast.ListComp():
            return True
        case ast.Constant(value=value):
            return isinstance(value, str | bytes)
        case ast.BinOp(op=ast.Add() | ast.Mult() | ast.Mod(), left=left, right=right):
            return _is_text(left) or _is_text(right)
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in ("join", "lower", "upper", "strip", "replace", "title", "format", "rstrip", "lstrip")
        case ast.Call(func=ast.Name(id=name)):
            return name in ("str", "chr", "repr", "list", "sorted", "tuple")
        case ast.Subscript(slice=ast.Slice()):
            return True
        case _:
            return False


def _arithmetic(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    if _is_text(node.left) or _is_text(node.right):
        if isinstance(node.op, ast.Add):
            yield "arithmetic", copy.deepcopy(node.left)
            yield "arithmetic", copy.deepcopy(node.right)
        return
    changed = _ARITHMETIC.get(type(node.op))
    if changed:
        yield "arithmetic", _with(node, op=changed())


def _constant(node: ast.Constant) -> Iterator[tuple[str, ast.expr]]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(value=not value)
    elif isinstance(value, int | float):
        yield "constant", ast.Constant(value=value + 1)
    elif isinstance(value, str):
        yield "constant", ast.Constant(value="" if value.strip("X") else f"{value}X")
    elif isinstance(value, bytes):
        yield "constant", ast.Constant(value=b"" if value else b"X")


_SIDES = {"<": ">", ">": "<", "^": "<"}
_SIDE = re.compile(r".?[<>^]")
_TIME = re.compile(r"%[A-Za-z]")


def format_variants(node: ast.Constant) -> Iterator[tuple[str, ast.expr]]:
    """What a text of a format spec may become: the value is written in another way, which raises nothing."""
    spec = str(node.value)
    if _TIME.search(spec):  # days are written the same without the usual `%Y-%m-%d`
        yield "constant", ast.Constant(value=f"{spec}X")
    elif _SIDE.fullmatch(spec):  # the width is worked out: texts and numbers have their side without being told
        yield "constant", ast.Constant(value=spec[:-1] + _SIDES[spec[-1]])
    elif spec not in ("d", "s"):  # as numbers and texts are written anyway
        yield "constant", ast.Constant(value="")


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    match node.func:
        case ast.Name(id=name) if name in _FUNCTIONS:
            yield "call", _with(node, func=ast.Name(id=_FUNCTIONS[name], ctx=ast.Load()))
        case ast.Name(id=name) if name in _TRANSPARENT and len(node.args) == 1:
            yield "call", _call(_TRANSPARENT[name], node.args[0])
        case ast.Name(id="abs") if len(node.args) == 1:
            yield "call", copy.deepcopy(node.args[0])
        case ast.Name(id="range") if len(node.args) == 2 and not _ends_in_a_number(node.args[1]):
            yield "call", _with(node, args=[copy.deepcopy(node.args[0]), _plus_one(node.args[1])])
        case ast.Attribute(value=value, attr=attr) if attr in _METHODS and not (attr in _SPLITS and not _matters(node)):
            changed = ast.Attribute(value=copy.deepcopy(value), attr=_METHODS[attr], ctx=ast.Load())
            yield "call", _with(node, func=changed)


def _ends_in_a_number(node: ast.expr) -> bool:
    """Return whether an expression is a number or a sum with one: then it is one more by a mutant of that number."""
    match node:
        case ast.Constant(value=int()) | ast.BinOp(op=ast.Add(), right=ast.Constant(value=int())):
            return True
        case _:
            return False


def _matters(node: ast.Call) -> bool:
    """Return whether splitting from the other end can give another result: only with a bound on the parts."""
    assert isinstance(node.func, ast.Attribute)
    if node.func.attr in ("split", "rsplit"):
        return len(node.args) + len(node.keywords) > 1
    return True


def _plus_one(node: ast.expr) -> ast.expr:
    return ast.BinOp(left=copy.deepcopy(node), op=ast.Add(), right=ast.Constant(value=1))


def _slice(
    node: ast.Subscript, lower: ast.expr | None, upper: ast.expr | None, step: ast.expr | None
) -> Iterator[tuple[str, ast.expr]]:
    if lower is not None:
        yield "slice", _with(node, slice=ast.Slice(lower=None, upper=copy.deepcopy(upper), step=copy.deepcopy(step)))
    if upper is not None:
        yield "slice", _with(node, slice=ast.Slice(lower=copy.deepcopy(lower), upper=None, step=copy.deepcopy(step)))
    if step is not None:
        yield "slice", _with(node, slice=ast.Slice(lower=copy.deepcopy(lower), upper=copy.deepcopy(upper), step=None))


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
) -> Iterator[tuple[str, ast.expr]]:
    for index, part in enumerate(node.generators):
        if part.ifs:
            changed = copy.deepcopy(node)
            changed.generators[index].ifs = []
            yield "filter", changed


# What is put in place of a result: the same kind and the same length, and nothing of what was in it. Only an assertion
# that looks at the result itself notices; one that looks at its type, its length or its truth does not.
RESULT = "result"
_HOLLOW = ast.parse(
    "(lambda v: not v if isinstance(v, bool) else v + 1 if isinstance(v, (int, float)) "
    "else '?' * len(v) if isinstance(v, str) else [None] * len(v) if isinstance(v, list) "
    "else (None,) * len(v) if isinstance(v, tuple) else {k: None for k in v} if isinstance(v, dict) "
    "else 0 if v is None else None)()",
    mode="eval",
).body


def _returned(value: ast.expr) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Return something else, unless mutants inside the expression do that already."""
    match value:
        case ast.Constant() | ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.IfExp() | ast.Tuple():
            return
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return
        case _:
            yield RESULT, [ast.Return(value=_with(_HOLLOW, args=[copy.deepcopy(value)]))]
