"""Parametrised tests: their number and ids must be readable without running anything."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.language.annotations import Report

_HINT: Final = "write the cases as a literal list, a text or a range"
_DISPLAYS: Final = (ast.List, ast.Tuple)
#: More cases than this of one mark are not counted.
MAX_CASES: Final = 1001


def check_parameters(node: ast.Call, constants: Mapping[str, ast.expr], report: Report) -> None:
    """Report a `parametrize` or `param` call whose cases or ids are computed.

    `constants` are the values that the module gives names, see `trees.constants_of`.
    """
    if isinstance(node.func, ast.Attribute) and node.func.attr == "parametrize":
        _check_cases(node, constants, report)
    for keyword in node.keywords:
        if keyword.arg not in ("ids", "id", "argnames", "argvalues"):
            message = f"the argument {keyword.arg or '**'!r} is not allowed here"
            report(keyword.value, "tests.parameters", message, "write ids, and nothing else")
        elif keyword.arg in ("ids", "id") and not _literal_texts(keyword.value):
            report(keyword.value, "tests.parameters", "ids must be literal text", "write them out")


def _check_cases(node: ast.Call, constants: Mapping[str, ast.expr], report: Report) -> None:
    names, cases = names_and_cases(node)
    if names is None or cases is None:
        report(node, "tests.parameters", "parametrize takes its names and its cases", _HINT)
        return
    if not _literal_texts(names):
        report(names, "tests.parameters", "the names must be literal text", 'write "value, expected"')
    written = cases_of(cases, constants)
    if not written:
        report(cases, "tests.parameters", "the cases must be a literal list with at least one", _HINT)
        return
    for case in written:
        if not _literal_case(case):
            report(case, "tests.parameters", "this case is computed", _HINT)


def cases_of(node: ast.expr, constants: Mapping[str, ast.expr]) -> list[ast.expr] | None:
    """Return the cases that a list, a text or a range holds, also by its name; None where they cannot be counted."""
    node = constants.get(node.id, node) if isinstance(node, ast.Name) else node
    match node:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return None if any(isinstance(element, ast.Starred) for element in elements) else elements
        case ast.Constant(value=str(text)):
            return [ast.copy_location(ast.Constant(sign), node) for sign in text[:MAX_CASES]]
        case ast.Call(func=ast.Name(id="range"), args=arguments, keywords=[]):
            bounds = [whole for item in arguments if (whole := _whole(item, constants)) is not None]
            if len(bounds) != len(arguments) or len(bounds) not in (1, 2, 3) or bounds[2:] == [0]:
                return None
            return [ast.copy_location(ast.Constant(number), node) for number in range(*bounds)[:MAX_CASES]]
        case _:
            return None


def _whole(node: ast.expr, constants: Mapping[str, ast.expr]) -> int | None:
    """A whole number that is written out: a constant, how many cases there are, sums and differences of such."""
    match node:
        case ast.Constant(value=int(whole)):
            return whole
        case ast.Name(id=name) if isinstance(named := constants.get(name), ast.Constant):
            return _whole(named, constants)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            positive = _whole(operand, constants)
            return None if positive is None else -positive
        case ast.BinOp(op=ast.Add() | ast.Sub() as operator, left=left, right=right):
            first, second = _whole(left, constants), _whole(right, constants)
            if first is None or second is None:
                return None
            return first + second if isinstance(operator, ast.Add) else first - second
        case ast.Call(func=ast.Name(id="len"), args=[argument], keywords=[]):
            cases = cases_of(argument, constants)
            return None if cases is None else len(cases)
        case _:
            return None


def names_and_cases(node: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """Return the names and the cases of a `parametrize` call, given by position or by keyword."""
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    parts = [*node.args, *(named[name] for name in ("argnames", "argvalues") if name in named)]
    return (parts[0], parts[1]) if len(parts) == 2 else (None, None)


def _literal_texts(node: ast.expr) -> bool:
    if isinstance(node, _DISPLAYS):
        return all(_literal_texts(element) for element in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _literal_case(node: ast.expr) -> bool:
    """A value written out: constants, displays, names, parts of such, and calls with such values."""
    match node:
        case ast.Constant() | ast.Name():
            return True
        case ast.Attribute(value=value) | ast.FormattedValue(value=value) | ast.Starred(value=value):
            return _literal_case(value)
        case ast.JoinedStr(values=values):
            return all(_literal_case(part) for part in values)
        case ast.Subscript(value=value, slice=ast.Slice(lower=lower, upper=upper, step=step)):
            return all(_literal_case(part) for part in (value, lower, upper, step) if part)
        case ast.Subscript(value=value, slice=index):
            return _literal_case(value) and _literal_case(index)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert(), operand=operand):
            return _literal_case(operand)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Pow() | ast.BitOr(), left=left, right=right):
            return _literal_case(left) and _literal_case(right)
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return all(_literal_case(element) for element in elements)
        case ast.Dict(keys=keys, values=values):
            return all(_literal_case(part) for part in (*keys, *values) if part)
        case ast.Call(func=ast.Name() | ast.Attribute() as function, args=arguments, keywords=keywords):
            return all(_literal_case(part) for part in (function, *arguments, *(item.value for item in keywords)))
        case _:
            return False


def parameters_given(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[list[str], ast.expr]]:
    """Yield (names, cases) of each `parametrize` mark of a function."""
    for item in node.decorator_list:
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "parametrize":
            names, cases = names_and_cases(item)
            if names is not None and cases is not None:
                yield [name.strip() for text in _texts(names) for name in text.split(",")], cases


def _texts(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, _DISPLAYS) else [node]
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def count_cases(node: ast.FunctionDef | ast.AsyncFunctionDef, constants: Mapping[str, ast.expr]) -> int:
    """Return how many tests the literal parameters of a function make."""
    return math.prod(max(len(cases_of(cases, constants) or ()), 1) for _, cases in parameters_given(node))
