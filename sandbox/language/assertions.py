"""Tests that cannot fail: no assertion, one that is always true, one that is never reached or whose failure is caught.

An assertion is effective when it can be false and its value depends on the plugin. That is followed through the names
of the test file: what is imported from the plugin, what is assigned from it, fixtures and functions that use it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from sandbox.language.annotations import Report
from sandbox.language.contexts import check_contexts, expects
from sandbox.language.digests import check_digests
from sandbox.language.parameters import count_cases, parameters_given
from sandbox.language.trees import constants_of

#: More tests than this in one file are refused.
MAX_TESTS: Final = 200
# What shows what the plugin prints depends on the plugin.
_OUTPUT: Final = frozenset({"capsys", "capfd"})
_HINT: Final = "compare what the plugin returns with an expected value"
_SWALLOWS: Final = frozenset({"AssertionError", "Exception", "BaseException"})
_LEAVES: Final = (ast.Return, ast.Raise, ast.Continue, ast.Break)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_assertions(
    tree: ast.Module, subjects: frozenset[str], report: Report, classes: frozenset[str] = frozenset()
) -> None:
    """Report tests without an effective assertion, and assertions that cannot fail; `classes` are the plugin's."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    touched = reached_names(tree, subjects | _OUTPUT)
    check_digests(tree, touched, report)
    check_contexts(tree, subjects, report)
    helpers = {node.name for node in functions if not _is_test(node) and any(_asserts(node))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and always_true(node.test):
            report(node, "tests.always-true", "this assertion cannot fail", _HINT)
    for function in functions:
        _check_reach(function.body, report, caught=False)
        if _is_test(function):
            _check_returns(function, report)
        if _is_test(function) and not _effective(function, touched, helpers, classes):
            message = f"{function.name} has no assertion that depends on the plugin"
            report(function, "tests.no-assertion", message, _HINT)
    _check_count(tree, report)


def _check_count(tree: ast.Module, report: Report) -> None:
    total, lists = 0, constants_of(tree)
    for names, tests in _tests_by_scope(tree):
        for test in tests:
            total += count_cases(test, lists)
            if names.count(test.name) > 1:
                message = f"{test.name} is defined twice; only the last one runs"
                report(test, "tests.duplicate", message, "rename one")
    if not total:
        report(tree, "tests.none", "this file has no test", "write functions named test_...")
    if total > MAX_TESTS:
        report(tree, "tests.too-many", f"this file has {total} tests, more than {MAX_TESTS}", "keep the telling ones")


def _tests_by_scope(tree: ast.Module) -> Iterator[tuple[list[str], list[Function]]]:
    scopes: list[list[ast.stmt]] = [tree.body]
    scopes += [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    for body in scopes:
        tests = [node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_test(node)]
        yield [test.name for test in tests], tests


def _is_test(node: Function) -> bool:
    return node.name.startswith("test")


def _asserts(node: ast.AST) -> Iterator[ast.AST]:
    for part in ast.walk(node):
        if isinstance(part, ast.Assert) or (isinstance(part, ast.withitem) and expects(part)):
            yield part


# ---- what depends on the plugin ------------------------------------------------------------------------------------


def reached_names(tree: ast.Module, subjects: frozenset[str]) -> frozenset[str]:
    """Return every name whose value may come from the plugin, grown until nothing is added."""
    reached = set(subjects)
    bindings = list(_bindings(tree))
    while True:
        added = {name for names, value in bindings if _mentions(value, reached) for name in names} - reached
        if not added:
            return frozenset(reached)
        reached |= added


def _bindings(tree: ast.Module) -> Iterator[tuple[list[str], ast.AST]]:
    """Yield (names, where their values come from); a parameter of a function that is no test may be given anything."""
    changeable = _changeable(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield [name for target in targets for name in _names(target)], value
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                yield _names(target), value
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield _names(target), value
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                yield _names(target), value
            case ast.comprehension(target=target, iter=value):
                yield _names(target), value
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                yield _names(target), value
            case ast.With(items=items, body=body) if any(item.optional_vars for item in items):
                names = [name for item in items if item.optional_vars for name in _names(item.optional_vars)]
                yield names, ast.Module(body=body, type_ignores=[])
            case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
                yield [name], ast.Module(body=body, type_ignores=[])
                yield from parameters_given(node)
            case ast.ClassDef(name=name):
                yield [name], node
            case ast.Call(func=function, args=[_, *_] as arguments):
                # What is handed to the plugin may be changed by it: sort_rows(rows); and items.append(run(1)).
                yield [name for argument in arguments for name in _names(argument) if name in changeable], function
                if isinstance(function, ast.Attribute):
                    yield _names(function.value), ast.Tuple(elts=arguments, ctx=ast.Load())
            case _:
                pass


def _changeable(tree: ast.Module) -> set[str]:
    """Return the names that are given a value which a call could change; what a tuple gives several of may be any."""
    fixed = (ast.Constant, ast.Tuple, ast.JoinedStr, ast.BinOp, ast.UnaryOp)
    assigned = (
        (node.value, target) for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets
    )
    return {
        name
        for value, target in assigned
        if isinstance(target, (ast.Tuple, ast.List)) or not isinstance(value, fixed)
        for name in _names(target)
    }


def _names(target: ast.AST) -> list[str]:
    match target:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            return _names(inner)
        case ast.Name(id=name):
            return [name]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [name for element in elements for name in _names(element)]
        case _:
            return []


def _mentions(node: ast.AST, names: set[str] | frozenset[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def _effective(test: Function, touched: frozenset[str], helpers: set[str], classes: frozenset[str]) -> bool:
    """Return whether a test has one assertion that can fail because of the plugin; nested functions do not count."""
    for statement in _own_statements(test.body):
        if isinstance(statement, ast.Assert) and _tells(statement.test, classes) and _mentions(statement, touched):
            return True
        awaited = isinstance(statement, ast.With) and any(expects(item) for item in statement.items)
        if awaited and any(_mentions(inner, touched) for inner in getattr(statement, "body", ())):
            return True
        for part in ast.walk(statement) if isinstance(statement, (ast.Expr, ast.Assign)) else ():
            if isinstance(part, ast.Call) and _called(part) in helpers and _helper_given(part, touched, helpers):
                return True
    return False


def _helper_given(call: ast.Call, touched: frozenset[str], helpers: set[str]) -> bool:
    return any(_mentions(part, touched) for part in (*call.args, *call.keywords)) or _called(call) in touched & helpers


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
        case _:
            return ""


def _own_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a function runs, in reach: not after a return, not under `if False`."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if not (isinstance(statement, (ast.If, ast.While)) and is_false(statement.test)):
            yield from _own_statements(getattr(statement, "body", []))
        for field in ("orelse", "finalbody"):
            yield from _own_statements(getattr(statement, field, []))
        for case in getattr(statement, "cases", ()):
            yield from _own_statements(case.body)
        if isinstance(statement, _LEAVES):
            return


# ---- assertions whose failure is not seen --------------------------------------------------------------------------


def _check_reach(body: list[ast.stmt], report: Report, *, caught: bool) -> None:
    """Report assertions after a statement that leaves, under a condition that is never true, or that are swallowed."""
    left = False
    for statement in body:
        if left and any(_asserts(statement)):
            report(statement, "tests.unreachable", "this assertion is never reached", "move it before the return")
        if caught and isinstance(statement, ast.Assert):
            message = "an except clause here swallows the failure of this assertion"
            report(statement, "tests.swallowed", message, "use pytest.raises, or move the assertion out")
        _check_inner(statement, report, caught=caught)
        left = left or isinstance(statement, _LEAVES)


def _check_inner(statement: ast.stmt, report: Report, *, caught: bool) -> None:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return  # visited as functions of their own
    never = isinstance(statement, (ast.If, ast.While)) and is_false(statement.test)
    never = never or (isinstance(statement, ast.For) and _is_empty(statement.iter))
    if never and any(_asserts(statement)):
        report(statement, "tests.unreachable", "this is never run", "remove the condition")
    swallowed = isinstance(statement, ast.Try) and any(_swallows(handler) for handler in statement.handlers)
    swallowed = swallowed or (isinstance(statement, ast.With) and any(_suppresses(item) for item in statement.items))
    _check_reach(getattr(statement, "body", []), report, caught=caught or swallowed)
    for field in ("orelse", "finalbody"):
        _check_reach(getattr(statement, field, []), report, caught=caught)
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        _check_reach(part.body, report, caught=caught)


def _check_returns(test: Function, report: Report) -> None:
    """Report a return that may leave a test before its later assertions."""
    statements = list(_own_statements(test.body))
    for index, statement in enumerate(statements):
        if isinstance(statement, ast.Return) and any(isinstance(later, ast.Assert) for later in statements[index:]):
            message = "this return may leave the test before its assertions"
            report(statement, "tests.unreachable", message, "let every assertion run")
            return


def _swallows(handler: ast.ExceptHandler) -> bool:
    if any(isinstance(part, ast.Raise) or _fails(part) for part in ast.walk(handler)):
        return False
    return handler.type is None or bool(_type_names(handler.type) & _SWALLOWS)


def _fails(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fail"


def _suppresses(item: ast.withitem) -> bool:
    match item.context_expr:
        case ast.Call(func=ast.Attribute(attr="suppress" | "raises") | ast.Name(id="suppress" | "raises"), args=types):
            return any(_type_names(kind) & _SWALLOWS for kind in types)
        case _:
            return False


def _type_names(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


# ---- values known without running ----------------------------------------------------------------------------------


def always_true(node: ast.expr) -> bool:
    """Return whether an asserted expression is true whatever the plugin does."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return bool(elements)
        case ast.Dict(keys=keys):
            return bool(keys)
        case ast.Lambda() | ast.GeneratorExp():
            return True
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.Constant) and value.value for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_false(operand)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(always_true(value) for value in values) or _both_ways(values)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(always_true(value) for value in values)
        case ast.NamedExpr(value=value):
            return always_true(value)
        case ast.IfExp(body=body, orelse=orelse):
            return always_true(body) and always_true(orelse)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _always_compares(left, operator, right)
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id="object")]):
            return True
        case _:
            return False


def _both_ways(values: list[ast.expr]) -> bool:
    """`x or not x` is always true."""
    plain = {ast.dump(value) for value in values}
    return any(isinstance(item, ast.UnaryOp) and ast.dump(item.operand) in plain for item in values)


def _always_compares(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool:
    if isinstance(operator, (ast.Eq, ast.Is, ast.LtE, ast.GtE)) and ast.dump(left) == ast.dump(right):
        return not any(isinstance(part, ast.Call) for part in ast.walk(left))
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        return True  # two constants: nothing of the plugin is asked
    match left, operator, right:
        case ast.Call(func=ast.Name(id="len")), ast.GtE(), ast.Constant(value=0):
            return True
        case ast.Constant(value=0), ast.LtE(), ast.Call(func=ast.Name(id="len")):
            return True
        case _:
            return False


def _tells(asserted: ast.expr, classes: frozenset[str]) -> bool:
    return not always_true(asserted) and not _itself(asserted, classes)


def _itself(node: ast.expr, classes: frozenset[str]) -> bool:
    """`f(1) == f(1)` can fail, but what `f` returns is not looked at; two equal instances say that a class compares."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or ast.dump(node.left) != ast.dump(node.comparators[0]):
        return False
    match node.left:
        case ast.Call(func=ast.Name(id="hash"), args=[ast.Call(func=ast.Name(id=name))]):
            return name not in classes
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="plugin"), attr=name)):
            return name not in classes
        case _:
            return True


def is_false(node: ast.expr) -> bool:
    """Return whether a condition is false whatever happens."""
    match node:
        case ast.Constant(value=value):
            return not value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return always_true(operand)
        case ast.BoolOp(op=ast.And(), values=values):
            return any(is_false(value) for value in values)
        case _:
            return False


def _is_empty(node: ast.expr) -> bool:
    match node:
        case ast.Tuple(elts=[]) | ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Constant(value="" | b""):
            return True
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=0)]):
            return True
        case _:
            return False
