# ruff: noqa: N815 - the visitor protocol of ast names its methods after the node classes
"""The policy for test files: what they may import and name, so that a passing run means something.

Test files are compiled plainly, because pytest rewrites their assertions; at run time only their imports are held (see
`suite_modules`). The operating system bounds what they do, and the gate forms its verdicts outside.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from sandbox.language.assertions import check_assertions
from sandbox.language.classes import hidden_fields, is_unmatched, pattern_classes
from sandbox.language.formats import template_problem
from sandbox.language.instead import of_member, of_module
from sandbox.language.names import (
    FORMATTERS,
    GUARDS,
    LEADING_OUT,
    METHODS,
    MISSING_BUILTINS,
    RUNTIME_ATTRIBUTES,
    UNDERSCORE_API,
    attribute_problem,
    is_dunder,
)
from sandbox.language.parameters import check_parameters, parameters_given
from sandbox.language.shared import check_shared
from sandbox.language.suite_modules import PYTEST_NAMES, is_importable, suite_names
from sandbox.language.trees import constants_of, member_names, root
from sandbox.outcome import Violation

_FIXTURES: Final = frozenset({"capsys", "capfd"})
_SUBJECT: Final = "plugin"
_READERS: Final = frozenset({"getattr", "hasattr"})
# Of what pytest.raises gives: the way to the frames of the plugin and of the test runner.
_TRACES: Final = frozenset({"tb", "traceback"})
_SETTERS: Final = frozenset({"__setattr__", "__setitem__", "__delattr__", "__delitem__", "__set__", "__delete__"})
# Private names of libraries that evaluate text, or lead to the frames and the loop of the test runner.
_EVALUATING: Final = frozenset({"_evaluate", "_excinfo", "_get_loop", "_loop", "_coro"})
# What writes for whoever reads the output of a run, where nothing of a test belongs beside what the gate says.
_WRITERS: Final = frozenset({"print", "pprint", "prweek", "prmonth", "pryear", "prcal"})
_NO_NAMES: Final = frozenset(MISSING_BUILTINS) | {"setattr", "delattr", "__builtins__"}
_SKIPS: Final = frozenset({"skip", "skipif", "xfail", "exit", "importorskip", "skipTest"})


class Suite(ast.NodeVisitor):
    """Walks one test file; what it refuses is in `violations`."""

    def __init__(self, tree: ast.Module, path: str) -> None:
        self.path = path
        self.violations: list[Violation] = []
        self.subjects = subject_names(tree)
        self.fixtures = _FIXTURES | fixture_names(tree)
        self.constants = constants_of(tree)
        self.leading = leading_names(tree)
        self.plain = plain_places(tree)
        self.special = frozenset(special_members(tree))
        self.matchable = pattern_classes(tree)
        self.members = frozenset(member_names(tree))

    def refuse(self, node: ast.AST, rule: str, message: str, hint: str) -> None:
        """Record one violation at the place of `node`."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.violations.append(
            Violation(rule=rule, message=message, path=self.path, line=line, column=column, hint=hint)
        )

    # ---- imports ---------------------------------------------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> None:
        """Only the tests' own allow-list."""
        for alias in node.names:
            self._check_import(node, alias.name)
            self._check_alias(node, alias, alias.name == "pytest")
            self._check_bound(node, alias.asname or alias.name.partition(".")[0], imported=alias.name == _SUBJECT)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Only the tests' own allow-list; of pytest only what cannot skip or patch."""
        name = node.module or ""
        if node.level:
            self.refuse(node, "tests.import", "relative imports are not allowed in tests", "import from plugin")
            return
        known = self._check_import(node, name)
        for alias in node.names:
            self._check_alias(node, alias, name == "pytest")
            if alias.name == "*":
                self.refuse(node, "tests.import", "star imports are not allowed in tests", "name what you test")
            elif name == "pytest" and alias.name not in PYTEST_NAMES:
                self._refuse_pytest(node, alias.name)
            elif is_dunder(alias.name):
                self.refuse(node, "tests.attribute", f"{alias.name!r} is not for tests", "test what functions return")
            elif alias.name in _WRITERS and name != _SUBJECT:
                self._refuse_output(node, alias.name)
            elif known and name != _SUBJECT and alias.name not in suite_names(name):
                hint = of_member(name, alias.name)
                self.refuse(node, "tests.import", f"a test cannot import {alias.name!r} from {name!r}", hint)
            self._check_bound(node, alias.asname or alias.name, imported=name == _SUBJECT)

    def _check_alias(self, node: ast.AST, alias: ast.alias, of_pytest: bool) -> None:
        if of_pytest and alias.asname not in (None, alias.name):
            self.refuse(node, "tests.pytest", f"{alias.name!r} keeps its name in tests", "import it without `as`")

    def _check_import(self, node: ast.AST, name: str) -> bool:
        if is_importable(name):
            return True
        hint = "test what functions return and raise" if name == "unittest.mock" else of_module(name)
        self.refuse(
            node, "tests.import", f"a test cannot import {name!r}", hint or "use pytest, plugin and plugins.sdk"
        )
        return False

    def _refuse_pytest(self, node: ast.AST, name: str) -> None:
        rule = "tests.skip" if name in _SKIPS else "tests.pytest"
        self.refuse(
            node, rule, f"pytest.{name} is not allowed in tests of a plugin", "use raises, approx, mark.parametrize"
        )

    def _refuse_output(self, node: ast.AST, name: str) -> None:
        message = f"{name!r} writes into the output of the run, which is the gate's alone"
        self.refuse(node, "tests.print", message, "leave it out, and assert what you want to see")

    # ---- names and attributes --------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        """Refuse builtins that reach out, and binding the names under test again."""
        if not isinstance(node.ctx, ast.Load):
            self._check_bound(node, node.id)
        elif node.id in _NO_NAMES:
            hint = MISSING_BUILTINS.get(node.id, "test what functions return")
            if node.id == "open":
                hint = 'read recorded inputs with testing.data("name") of plugins.sdk'
            self.refuse(node, "tests.builtin", f"{node.id!r} is not allowed in tests", hint)
        elif node.id == "print" and node.id not in self.subjects:
            self._refuse_output(node, node.id)
        elif is_dunder(node.id) and node.id not in ("__name__", "__debug__"):
            self.refuse(node, "tests.attribute", f"{node.id!r} is not for tests", "test what functions return")
        elif node.id in self.leading and id(node) not in self.plain:
            self.refuse(node, "tests.attribute", f"{node.id!r} is used as a value here", "name what you need in place")

    def _check_bound(self, node: ast.AST, name: str, *, imported: bool = False) -> None:
        if name in self.subjects and not imported:
            self.refuse(node, "tests.rebinding", f"{name!r} is under test and is bound again here", "use another name")
        if (
            (is_dunder(name) and id(node) not in self.special)
            or name in GUARDS
            or (name.startswith("pytest") and name != "pytest")
        ):
            self.refuse(node, "tests.name", f"{name!r} steers the test runner", "use an ordinary name")
        if name in ("pytest", "collect_ignore", "load_tests") and not isinstance(node, ast.Import):
            self.refuse(node, "tests.name", f"{name!r} steers the test runner", "use an ordinary name")

    def _walks(self, template: ast.expr) -> bool:
        """Return whether a template may walk attributes; one can be read where it is written, or under its name."""
        template = self.constants.get(template.id, template) if isinstance(template, ast.Name) else template
        if not isinstance(template, ast.Constant):
            return True
        return isinstance(template.value, str) and template_problem(template.value) is not None

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Refuse attributes that lead into the interpreter or the source, and setting any of what is tested."""
        name, problem = node.attr, attribute_problem(node.attr)
        if problem or name in RUNTIME_ATTRIBUTES | LEADING_OUT | _TRACES or name == "__doc__":
            self.refuse(
                node, "tests.attribute", f"the attribute {name!r} is not for tests", "test what functions return"
            )
        elif name in FORMATTERS and self._walks(node.value):
            self.refuse(node, "tests.attribute", f"str.{name} is not for tests", "use an f-string")
        elif name in _WRITERS and root(node) not in self.subjects:
            self._refuse_output(node, name)
        elif name in _SETTERS:
            self.refuse(node, "tests.rebinding", f"{name} sets what others read", "write the assignment")
        elif is_private(name) and not self._may_reach(node):
            self.refuse(node, "tests.attribute", f"{name!r} is private to what it belongs to", "test what it returns")
        elif name == "fixture" and is_pytest(node, name) and id(node) not in self.plain:
            self.refuse(node, "tests.pytest", "pytest.fixture is used as a value here", "write @pytest.fixture")
        elif isinstance(node.value, ast.Name) and node.value.id == "pytest" and name not in PYTEST_NAMES:
            self._refuse_pytest(node, name)
        elif is_mark(node.value) and name != "parametrize":
            self.refuse(node, "tests.skip", f"the mark {name!r} is not allowed in tests", "use mark.parametrize")
        elif not isinstance(node.ctx, ast.Load) and root(node) in self.subjects:
            self.refuse(node, "tests.rebinding", f"this changes {root(node)!r}, which is under test", "call it")
        self.generic_visit(node)

    def _may_reach(self, node: ast.Attribute) -> bool:
        """Private names are reached in the plugin's module, and where the file itself gives a value that name."""
        module = isinstance(node.value, ast.Name) and node.value.id in self.leading
        return module or (node.attr in self.members and node.attr not in _EVALUATING)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Refuse setting items of what is tested."""
        if not isinstance(node.ctx, ast.Load) and root(node) in self.subjects:
            self.refuse(node, "tests.rebinding", f"this changes {root(node)!r}, which is under test", "call it")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Refuse `getattr` with a name that is not literal."""
        if isinstance(node.func, ast.Name) and node.func.id in _READERS:
            given = node.args[1] if len(node.args) > 1 else None
            text = given.value if isinstance(given, ast.Constant) else None
            if not isinstance(text, str) or is_unmatched(text) or text in _TRACES:
                self.refuse(node, "tests.attribute", "getattr needs a literal, ordinary name in tests", "write x.name")
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) != 1:
            self.refuse(node, "tests.builtin", "type takes exactly one value", "write a class statement")
        if is_parametrize(node.func) or is_pytest(node.func, "param"):
            check_parameters(node, self.constants, self.refuse)
        self.generic_visit(node)

    # ---- definitions -----------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Check a function's name and what it asks pytest for."""
        self._check_bound(node, node.name)
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test"):
            self.refuse(
                node, "tests.async", "pytest does not run async tests", "call asyncio.run(...) inside a plain test"
            )
        if is_fixture(node) or node.name.startswith("test"):
            known = self.fixtures.union(*(names for names, _ in parameters_given(node)))
            for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                if argument.arg not in known | {"self"}:
                    message = f"the fixture {argument.arg!r} is not allowed in tests of a plugin"
                    self.refuse(argument, "tests.fixture", message, "use literal inputs, or a fixture of this file")
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node: ast.arg) -> None:
        """Check a parameter's name."""
        self._check_bound(node, node.arg)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Check a class's name; test classes stand alone."""
        self._check_bound(node, node.name)
        for keyword in node.keywords:
            self.refuse(keyword.value, "tests.name", "class keywords are not allowed in tests", "remove them")
        if node.name.startswith("Test") and node.bases:
            self.refuse(node, "tests.name", "a test class inherits from nothing", "remove its bases")
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        """Refuse naming what is tested as a variable."""
        for name in node.names:
            self._check_bound(node, name)

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Check the name of a caught exception."""
        if node.name:
            self._check_bound(node, node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        """Check a captured name."""
        if node.name:
            self._check_bound(node, node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """Check the names that a pattern reads as attributes."""
        for name in node.kwd_attrs:
            if is_unmatched(name) or name in _TRACES:
                self.refuse(node, "tests.attribute", f"the attribute {name!r} is not for tests", "test what it returns")
        if node.patterns and not (isinstance(node.cls, ast.Name) and node.cls.id in self.matchable):
            message = f"what the positions of {ast.unparse(node.cls)} read cannot be told here"
            self.refuse(node, "tests.attribute", message, f"write {ast.unparse(node.cls)}(name=value)")
        self.generic_visit(node)

    def visit_TryStar(self, node: ast.AST) -> None:
        """Refuse except*, as the dialect does."""
        self.refuse(node, "tests.syntax", "except* is not part of the dialect", "use except")


def check_suite(tree: ast.Module, path: str, classes: frozenset[str] = frozenset()) -> list[Violation]:
    """Return everything the policy for tests refuses in one file; `classes` are those of the plugin, by name."""
    suite = Suite(tree, path)
    for place, name in hidden_fields(tree):
        suite.refuse(place, "tests.attribute", f"a field cannot be called {name!r}", "choose another name")
    try:
        suite.visit(tree)
        check_assertions(tree, suite.subjects, suite.refuse, classes)
        check_shared(tree, suite.subjects, classes, suite.refuse)
    except RecursionError:
        suite.refuse(tree, "policy.nesting", "the source is nested too deeply", "split it into functions")
    return suite.violations


def leading_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that lead on under any other name: pytest, its fixture, the plugin's module, getattr."""
    names = {*_READERS, "pytest"}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names.update(alias.asname or alias.name for alias in aliases if alias.name == _SUBJECT)
            case ast.ImportFrom(module="pytest", names=aliases):
                names.update(alias.name for alias in aliases if alias.name == "fixture")
            case _:
                pass
    return frozenset(names)


def plain_places(tree: ast.Module) -> frozenset[int]:
    """Return the nodes where such a name is only looked at: before a dot, called, as a decorator."""
    places: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name() as value):
                places.add(id(value))
            case ast.Call(func=ast.Name(id="getattr" | "hasattr") as function, args=arguments):
                places.update(map(id, [function, *arguments[:1]]))
            case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
                places.update(id(item.func if isinstance(item, ast.Call) else item) for item in decorators)
            case _:
                pass
    return frozenset(places)


def special_members(tree: ast.Module) -> Iterator[int]:
    """Yield the special methods that helper classes define, such as `__init__` and `__eq__`; test classes have none."""
    for kind in ast.walk(tree):
        if isinstance(kind, ast.ClassDef) and not kind.name.startswith("Test"):
            for member in kind.body:
                match member:
                    case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in METHODS:
                        yield id(member)
                    case ast.Assign(targets=[ast.Name(id="__hash__" | "__slots__") as target]):
                        yield id(target)
                    case _:
                        pass


def is_private(name: str) -> bool:
    """Return whether a name has one underscore in front and is no public name of named tuples and enums."""
    return name.startswith("_") and not is_dunder(name) and name not in UNDERSCORE_API


def subject_names(tree: ast.Module) -> frozenset[str]:
    """Return the names under test: what the file imports from the plugin, and the plugin itself."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names.update(alias.asname or alias.name for alias in aliases if alias.name == _SUBJECT)
            case ast.ImportFrom(module="plugin", names=aliases, level=0):
                names.update(alias.asname or alias.name for alias in aliases)
            case _:
                pass
    return frozenset(names)


def fixture_names(tree: ast.Module) -> frozenset[str]:
    """Return the fixtures that the file itself defines."""
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return frozenset(node.name for node in functions if is_fixture(node))


def is_pytest(node: ast.expr, name: str) -> bool:
    """Return whether an expression names one thing of pytest."""
    match node:
        case ast.Attribute(value=ast.Name(id="pytest"), attr=attribute):
            return attribute == name
        case ast.Name(id=identifier):
            return identifier == name
        case _:
            return False


def is_mark(node: ast.expr) -> bool:
    """Return whether an expression is `pytest.mark`."""
    return is_pytest(node, "mark")


def is_parametrize(node: ast.expr) -> bool:
    """Return whether an expression is `pytest.mark.parametrize`."""
    return isinstance(node, ast.Attribute) and node.attr == "parametrize" and is_mark(node.value)


def is_fixture(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function is decorated as a fixture."""
    called = (item.func if isinstance(item, ast.Call) else item for item in node.decorator_list)
    return any(is_pytest(item, "fixture") for item in called)
