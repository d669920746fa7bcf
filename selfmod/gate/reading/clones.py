"""Tests that say what the plugin says: its own code again, and results that are compared with themselves.

A copy is wrong wherever the plugin is wrong. It is looked for in functions, and, whatever its names and arguments are,
in every expression of the tests: in an assertion, a lambda, a list of parameters.
"""

from __future__ import annotations

import ast
import builtins
import copy
import difflib
from collections.abc import Iterator

_CLONE_NODES = 15  # smaller functions look alike by chance
_FORMULA_NODES = 12  # as it stands, with names for whatever is put in: such a formula is not found twice by chance
_ALIKE = 0.95
_LARGEST = 400  # nodes of a formula
_LEAST_WORK = 3  # operations in a formula
_WORK = (ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.Call, ast.comprehension, ast.Subscript, ast.IfExp)
_BUILTINS = frozenset(vars(builtins))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def clones(tree: ast.Module, tests: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, message) of the plugin's own code in its tests."""
    own = [(node.name, shape) for node in _functions(tree) if len(shape := _shape(node)) >= _CLONE_NODES]
    for node in _functions(tests):
        shape = _shape(node)
        for name, original in own:
            if len(shape) >= _CLONE_NODES and _alike(shape, original):
                yield node.lineno, f"{node.name} is the plugin's {name} again: it is wrong wherever the plugin is wrong"
    formulas = [(node.name, form) for node in _functions(tree) for form in _formulas(node)]
    for expression in _expressions(tests):
        for name, form in formulas:
            if _is_copy(form, expression, {}):
                yield (
                    expression.lineno,
                    f"this is what the plugin's {name} works out: it is wrong wherever that is wrong",
                )


# ---- one expression, as a pattern ----------------------------------------------------------------------------------


def _formulas(function: Function) -> Iterator[ast.expr]:
    """What a function returns, as it stands and with values put in where their names stand."""
    values: dict[str, ast.expr] = {}
    for statement in function.body:
        returned = [node.value for node in ast.walk(statement) if isinstance(node, ast.Return) and node.value]
        for form in {ast.dump(one): one for value in returned for one in (value, _put_in(value, values))}.values():
            if _FORMULA_NODES <= _size(form) <= _LARGEST and _works(form):
                yield form
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _size(value) <= _LARGEST:
                values[name] = _put_in(value, values)
            case _:
                for name in _stored(statement):
                    values.pop(name, None)


def _put_in(node: ast.expr, values: dict[str, ast.expr]) -> ast.expr:
    return _PutIn(values).visit(copy.deepcopy(node)) if _size(node) <= _LARGEST else node


class _PutIn(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        known = self._values.get(node.id)
        return copy.deepcopy(known) if known is not None and _size(known) <= _LARGEST else node


def _stored(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _works(form: ast.expr) -> bool:
    """Return whether a formula works something out: a record of names looks like any record that is expected."""
    return sum(isinstance(part, _WORK) for part in ast.walk(form)) >= _LEAST_WORK


def _expressions(tests: ast.Module) -> list[ast.expr]:
    return [node for node in ast.walk(tests) if isinstance(node, ast.expr) and _size(node) >= _FORMULA_NODES]


def _size(node: ast.AST) -> int:
    return sum(not isinstance(part, ast.expr_context) for part in ast.walk(node))


def _is_copy(form: object, node: object, given: dict[str, str]) -> bool:
    """Return whether an expression is a form with something in place of its names, the same for the same name."""
    if isinstance(form, ast.Name) and form.id not in _BUILTINS and isinstance(node, ast.expr):
        return given.setdefault(form.id, ast.dump(node)) == ast.dump(node)
    if isinstance(form, list) and isinstance(node, list):
        return len(form) == len(node) and all(_is_copy(*pair, given) for pair in zip(form, node, strict=True))
    if isinstance(form, ast.arg) and isinstance(node, ast.arg):
        name = ast.dump(ast.Name(id=node.arg, ctx=ast.Load()))
        return given.setdefault(form.arg, name) == name
    if not isinstance(form, ast.AST) or not isinstance(node, ast.AST):
        return bool(form == node)
    if type(form) is not type(node):
        return False
    fields = [name for name in form._fields if name not in ("ctx", "kind", "type_comment", "annotation")]
    return all(_is_copy(getattr(form, name, None), getattr(node, name, None), given) for name in fields)


# ---- one function beside the other ---------------------------------------------------------------------------------


def _functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def _shape(function: Function) -> list[str]:
    """The kinds of nodes of a function in order, with operators and constants and without names."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    nodes = [node for statement in body for node in ast.walk(statement) if not isinstance(node, ast.expr_context)]
    return [f"Constant{node.value!r}" if isinstance(node, ast.Constant) else type(node).__name__ for node in nodes]


def _alike(first: list[str], second: list[str]) -> bool:
    if first == second:
        return True
    if not 0.9 < len(first) / len(second) < 1.1 or len(second) > 2000:
        return False
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE


def themselves(tree: ast.Module, tests: ast.Module) -> Iterator[tuple[int, str]]:
    """Tests whose every assertion compares a result of the plugin with the same result."""
    own = {node.name for node in tree.body if isinstance(node, Function)}
    for test in _functions(tests):
        results = {
            node.targets[0].id: ast.dump(node.value)
            for node in ast.walk(test)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _calls(node.value, own)
        }
        checks = [node for node in ast.walk(test) if isinstance(node, ast.Assert)]
        if checks and all(_compares_itself(check.test, own, results) for check in checks):
            yield test.lineno, f"{test.name} compares what the plugin returns with what the plugin returns"


def _compares_itself(check: ast.expr, own: set[str], results: dict[str, str]) -> bool:
    if not isinstance(check, ast.Compare) or len(check.ops) != 1 or not isinstance(check.ops[0], ast.Eq | ast.Is):
        return False
    sides = [_origin(side, own, results) for side in (check.left, check.comparators[0])]
    return sides[0] is not None and sides[0] == sides[1]


def _origin(side: ast.expr, own: set[str], results: dict[str, str]) -> str | None:
    if isinstance(side, ast.Name):
        return results.get(side.id)
    return ast.dump(side) if _calls(side, own) else None


def _calls(node: ast.expr, own: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in own
