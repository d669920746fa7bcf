"""Parametrised tests: their number and ids must be readable without running anything."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from typing import Final

from sandbox.language.annotations import Report
from sandbox.language.trees import names_bound_by

_HINT: Final = "write the cases as a literal list"
_DISPLAYS: Final = (ast.List, ast.Tuple)


def check_parameters(node: ast.Call, constants: Mapping[str, ast.expr], report: Report) -> None:
    """Report a `parametrize` or `param` call whose cases or ids are computed.

    `constants` are the module's literal lists by name, see `literal_lists`.
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
    cases = constants.get(cases.id, cases) if isinstance(cases, ast.Name) else cases
    if not isinstance(cases, _DISPLAYS) or not cases.elts:
        report(cases, "tests.parameters", "the cases must be a literal list with at least one", _HINT)
        return
    for case in cases.elts:
        if not _literal_case(case):
            report(case, "tests.parameters", "this case is computed", _HINT)


def names_and_cases(node: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """Return the names and the cases of a `parametrize` call, given by position or by keyword."""
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    parts = [*node.args, *(named[name] for name in ("argnames", "argvalues") if name in named)]
    return (parts[0], parts[1]) if len(parts) == 2 else (None, None)


def literal_lists(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the lists and tuples that the module writes out, by the names it gives them once and never again."""
    bound = Counter(name for node in ast.walk(tree) for name in names_bound_by(node))
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List() | ast.Tuple() as value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.List() | ast.Tuple() as value):
                found[name] = value
            case _:
                pass
    return {name: value for name, value in found.items() if bound[name] == 1}


def _literal_texts(node: ast.expr) -> bool:
    if isinstance(node, _DISPLAYS):
        return all(_literal_texts(element) for element in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _literal_case(node: ast.expr) -> bool:
    """A value written out: constants, displays, names of types, and calls of names with such values."""
    match node:
        case ast.Constant():
            return True
        case ast.Name() | ast.Attribute(value=ast.Name()):
            return True
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert(), operand=operand):
            return _literal_case(operand)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Pow() | ast.BitOr(), left=left, right=right):
            return _literal_case(left) and _literal_case(right)
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return all(_literal_case(element) for element in elements)
        case ast.Dict(keys=keys, values=values):
            return None not in keys and all(_literal_case(part) for part in (*keys, *values) if part)
        case ast.Call(func=ast.Name() | ast.Attribute(value=ast.Name()), args=arguments, keywords=keywords):
            return all(_literal_case(part) for part in (*arguments, *(keyword.value for keyword in keywords)))
        case _:
            return False


def count_cases(node: ast.FunctionDef | ast.AsyncFunctionDef, constants: Mapping[str, ast.expr]) -> int:
    """Return how many tests the literal parameters of a function make."""
    total = 1
    for item in node.decorator_list:
        if not (
            isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == "parametrize"
        ):
            continue
        cases = names_and_cases(item)[1]
        cases = constants.get(cases.id, cases) if isinstance(cases, ast.Name) else cases
        if isinstance(cases, _DISPLAYS):
            total *= max(len(cases.elts), 1)
    return total
