"""What tests share from one run to the next: values of the plugin taken while the file is read, and state they change.

What is expected is then what the plugin gave before, or it depends on how often a test ran: the gate runs each test
many times, and only the first run would tell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.language.annotations import Report
from sandbox.language.changing import CACHES, CHANGING, MAKING, TAKING, changeable, makes, sources
from sandbox.language.trees import constants_of, last_name, names_bound_by, root

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_PYTEST: Final = frozenset({"parametrize", "param", "fixture", "raises", "approx"})
RUNNING_OUT: Final = frozenset(
    {
        "iter",
        "map",
        "filter",
        "zip",
        "enumerate",
        "reversed",
        "cycle",
        "count",
        "repeat",
        "chain",
        "islice",
        "accumulate",
    }
    | {"groupby", "tee", "starmap", "product", "permutations", "combinations", "pairwise", "StringIO", "BytesIO"}
    | {"Random", "defaultdict", "finditer"}
)
_TAKEN_WHOLE: Final = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "max", "min", "any", "all", "len", "join", "Counter"}
    | {"bytes", "str", "next", "OrderedDict", "deque", "fsum", "reduce"}
)
_PLAIN: Final = (ast.Name, ast.Attribute, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred, ast.keyword, ast.Load)
_REMEMBERING: Final = (ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal)
_HINT: Final = "write the expected value out, inside the test or as a literal"
_STATE: Final = "make what a test changes inside the test, or in a fixture"


def check_shared(tree: ast.Module, subjects: frozenset[str], classes: frozenset[str], report: Report) -> None:
    """Report what the plugin gives while the file is read, and what tests keep for the next run."""
    using = _using(tree, subjects)
    for node in at_import(tree.body):
        _check_import(node, using, classes, report)
    for node in caches(tree):
        report(node, "tests.shared", "a cache keeps what the plugin gave before", "call the plugin in each test")
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            report(node, "tests.shared", f"{node.names[0]!r} keeps something for the next test", _STATE)
    wide = frozenset(_wide(tree, using, report))
    _check_values(tree, report)
    check_changes(tree, top_names(tree) | subjects, report, wide)


def caches(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield where a test file takes a cache of functions from a module; a name of its own may be `cache` as well."""
    imported = {name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in names_bound_by(node)}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=names) if any(alias.name in CACHES for alias in names):
                yield node
            case ast.Attribute(attr=name) if name in CACHES and root(node) in imported:
                yield node
            case _:
                pass


def check_changes(tree: ast.Module, shared: frozenset[str], report: Report, wide: frozenset[str] = frozenset()) -> None:
    """Report each place in a function that changes what several calls share; parameters in `wide` are shared, too."""
    lenders = frozenset(_lenders(tree, shared))
    for scope, members in functions_of(tree):
        local = (shared | wide) - bound_in(scope) | (wide & _parameters(scope))
        _Changes(scope, local, members, lenders, report).check(tree)


def _mentions(node: ast.AST, names: frozenset[str] | set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


# ---- while the file is read ----------------------------------------------------------------------------------------


def _using(tree: ast.Module, subjects: frozenset[str]) -> set[str]:
    """Return the names under test, and those of functions, classes and values at the top that use them."""
    using = set(subjects)
    while True:
        added = {name for node in tree.body if _uses(node, using) for name in _names_at(node)} - using
        if not added:
            return using
        using |= added


def _uses(node: ast.stmt, using: set[str]) -> bool:
    return not isinstance(node, (ast.Import, ast.ImportFrom)) and _mentions(node, using)


def _names_at(node: ast.stmt) -> Iterator[str]:
    parts = (node,) if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) else ast.walk(node)
    yield from (name for part in parts for name in names_bound_by(part))


def at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the expressions that are evaluated while the file is read, and statements that ask for more than that."""
    for node in body:
        match node:
            case (
                ast.FunctionDef(decorator_list=marks, args=arguments)
                | ast.AsyncFunctionDef(decorator_list=marks, args=arguments)
            ):
                yield from (*marks, *arguments.defaults, *(value for value in arguments.kw_defaults if value))
            case ast.ClassDef(decorator_list=marks, body=inner):
                yield from marks
                yield from at_import(inner)
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.Expr(value=value):
                yield value
            case ast.Import() | ast.ImportFrom() | ast.AnnAssign():
                pass
            case _:
                yield node


def _check_import(node: ast.AST, using: set[str], classes: frozenset[str], report: Report) -> None:
    match node:
        case ast.Lambda():
            return
        case ast.Call(func=function) if last_name(function) in _PYTEST or (
            last_name(function) in classes and not isinstance(function, ast.Call)
        ):
            parts: list[ast.AST] = [*node.args, *(keyword.value for keyword in node.keywords)]
        case _ if isinstance(node, _PLAIN):
            parts = [] if isinstance(node, (ast.Name, ast.Attribute)) and root(node) else [*ast.iter_child_nodes(node)]
        case _:
            if _mentions(node, using):
                message = "the plugin is asked here while the tests are collected, before any of them runs"
                report(node, "tests.at-import", message, _HINT)
            return
    for part in parts:
        _check_import(part, using, classes, report)


def _wide(tree: ast.Module, using: set[str], report: Report) -> Iterator[str]:
    """Yield the fixtures that several tests share; what one of them gives must not be the plugin's."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        marks = [mark for mark in node.decorator_list if isinstance(mark, ast.Call) and last_name(mark) == "fixture"]
        scopes = [keyword.value for mark in marks for keyword in mark.keywords if keyword.arg in ("scope", None)]
        if any(not (isinstance(scope, ast.Constant) and scope.value == "function") for scope in scopes):
            yield node.name
            if any(_mentions(statement, using) for statement in node.body):
                message = f"{node.name} keeps what the plugin gave for several tests"
                report(node, "tests.shared", message, "leave the scope out")


# ---- what is kept --------------------------------------------------------------------------------------------------


def top_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that the file itself gives a value at the top, those of plain constants apart."""
    imports = (ast.Import, ast.ImportFrom)
    plain = {name for name, value in constants_of(tree).items() if isinstance(value, ast.Constant)}
    return frozenset(name for node in tree.body if not isinstance(node, imports) for name in _names_at(node)) - plain


def _check_values(tree: ast.Module, report: Report) -> None:
    """Report values at the top, in classes and as defaults that give something else each time they are looked at."""
    own = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for node in at_import(tree.body):
        if isinstance(node, ast.expr) and not (isinstance(node, ast.Call) and last_name(node) in _PYTEST):
            for part in kept_of(node):
                if isinstance(part, ast.GeneratorExp) or last_name(part) in RUNNING_OUT:
                    report(
                        part, "tests.shared", "this gives something else each time", "make it a list, or in the test"
                    )
        for part in ast.walk(node):
            made = own.get(last_name(part)) if isinstance(part, ast.Call) else None
            if made is not None and (_keeps(made, own) if isinstance(made, ast.FunctionDef) else keeps_count(made)):
                message = f"what {made.name} makes here keeps something for the next test"
                report(part, "tests.shared", message, _STATE)


def _keeps(function: ast.FunctionDef, own: Mapping[str, ast.FunctionDef | ast.ClassDef]) -> bool:
    """Return whether what a function of the file makes may change when it is looked at, or called.

    Only what is made of plain values by plain work is told; `own` are the functions and classes of the file.
    """
    inner = [part for item in function.body for part in ast.walk(item)]
    if any(isinstance(part, (*_FUNCTIONS, ast.ClassDef, *_REMEMBERING)) for part in inner):
        return True
    kept = [part for item in function.body for part in kept_of(item)]
    if any(isinstance(part, ast.GeneratorExp) or last_name(part) in RUNNING_OUT for part in kept):
        return True
    return any(isinstance(part, ast.Call) and last_name(part) in own for part in inner)


def kept_of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the calls and generators in a value that nothing takes whole."""
    if isinstance(node, (ast.Call, ast.GeneratorExp)):
        yield node
    if isinstance(node, ast.Call) and last_name(node) in _TAKEN_WHOLE:
        return
    if not isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, *_FUNCTIONS)):
        for child in ast.iter_child_nodes(node):
            yield from kept_of(child)


def keeps_count(kind: ast.ClassDef) -> bool:
    """Return whether instances change after they are made."""
    methods = (item for item in kind.body if isinstance(item, ast.FunctionDef) and item.name != "__init__")
    parts = (
        part for method in methods for part in ast.walk(method) if isinstance(part, (ast.Attribute, ast.Subscript))
    )
    return any(not isinstance(part.ctx, ast.Load) or last_name(part) in CHANGING for part in parts)


def functions_of(tree: ast.Module) -> Iterator[tuple[Function, frozenset[str]]]:
    """Yield (function, what its class gives all instances) for the functions at the top and the methods."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            values = [item for item in node.body if isinstance(item, (ast.Assign, ast.AnnAssign)) and item.value]
            changeable = [item for item in values if _is_changeable(item.value)]
            members = frozenset(name for item in changeable for name in _names_at(item))
            inner = (part for item in node.body for part in _outermost(item))
            yield from ((function, members) for function in inner)
        else:
            yield from ((function, frozenset()) for function in _outermost(node))


def _is_changeable(value: ast.expr | None) -> bool:
    """Return whether a value of a class is one object that all instances change; a dataclass makes one for each."""
    return value is not None and (makes(value) or (isinstance(value, ast.Call) and last_name(value) in RUNNING_OUT))


def _outermost(node: ast.AST) -> Iterator[Function]:
    if isinstance(node, _FUNCTIONS):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _outermost(child)


def _parameters(function: Function) -> frozenset[str]:
    return frozenset(part.arg for part in ast.walk(function.args) if isinstance(part, ast.arg))


def bound_in(function: Function) -> frozenset[str]:
    """Return the names that a function gives a value, its parameters among them."""
    body = function.body if isinstance(function.body, list) else [function.body]
    return _parameters(function) | {name for item in body for part in ast.walk(item) for name in names_bound_by(part)}


class _Changes:
    """Looks in one function for changes of what is shared."""

    def __init__(
        self,
        function: Function,
        shared: frozenset[str],
        members: frozenset[str],
        lenders: frozenset[str],
        report: Report,
    ) -> None:
        self._function, self._members, self._lenders, self._report = function, members, lenders, report
        self._shared = set(shared) | set(_lasting_defaults(function))
        self._alias()

    def _alias(self) -> None:
        """Names that stand for something shared are shared."""
        pairs = list(_given(self._function))
        while True:
            added = {name for name, value in pairs if self._is_shared(value)} - self._shared
            if not added:
                return
            self._shared |= added

    def _is_shared(self, node: ast.expr) -> bool:
        places = sources(node)
        return any(root(part) in self._shared or self._of_class(part) or self._lent(part) for part in places)

    def _lent(self, node: ast.AST) -> bool:
        """`table()[name]`, where a function gives out what is shared; `type(x).name`, which is of the class."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        return isinstance(node, ast.Call) and last_name(node) in self._lenders

    def _of_class(self, node: ast.AST) -> bool:
        """`self.runs`, where the class and not the instance has it."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                return isinstance(node, ast.Attribute) and node.attr in self._members
            node = node.value
        return False

    def check(self, tree: ast.Module) -> None:
        """Report each change."""
        changing = {item.name: item for item in tree.body if isinstance(item, ast.FunctionDef) and _changes_given(item)}
        whole = changeable(tree) - bound_in(self._function)
        for node in ast.walk(self._function):
            match node:
                case ast.Attribute(value=value, attr=name, ctx=ast.Load()) if name in CHANGING:
                    self._tell(node, self._is_shared(value))
                case ast.Attribute(value=value) | ast.Subscript(value=value) if not isinstance(node.ctx, ast.Load):
                    self._tell(node, root(node) == "cls" or self._is_shared(value))
                case ast.AugAssign(target=target):
                    self._tell(target, self._of_class(target) or self._is_whole(target, whole))
                case ast.Call(func=function, args=[first, *_]) if last_name(function) in TAKING or _is_unbound(
                    function
                ):
                    self._tell(node, self._is_shared(first))
                case ast.Call(func=ast.Name(id=name), args=arguments, keywords=named) if name in changing:
                    values = [*arguments, *(keyword.value for keyword in named)]
                    self._tell(node, any(self._is_shared(value) for value in values))
                case _:
                    pass

    def _is_whole(self, target: ast.expr, whole: frozenset[str]) -> bool:
        """`seen = SEEN` or `seen = kept()`, and then `seen += more`; a part of it would only be given another value."""
        given = [value for name, value in _given(self._function) if root(target) == name]
        plain = [value.func if isinstance(value, ast.Call) else value for value in given]
        return any(isinstance(value, ast.Name) and value.id in whole for value in plain)

    def _tell(self, node: ast.expr, changed: bool) -> None:
        if changed:
            message = f"{ast.unparse(node)[:60]} changes what other tests and later runs see"
            self._report(node, "tests.shared", message, _STATE)


def _is_unbound(function: ast.expr) -> bool:
    """`list.append`, which changes what it is given first."""
    match function:
        case ast.Attribute(value=ast.Name(id=kind), attr=name):
            return kind in MAKING and name in CHANGING
        case _:
            return False


def _lenders(tree: ast.Module, shared: frozenset[str]) -> Iterator[str]:
    """Yield the functions whose result is shared: what is at the top, what a cache keeps, a class."""
    yield from ("type", "getcontext")
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            values = (part.value for part in ast.walk(node) if isinstance(part, (ast.Return, ast.Yield)) and part.value)
            lent = any(root(value) in shared - bound_in(node) for value in values)
            if lent or any(last_name(mark) in CACHES for mark in node.decorator_list):
                yield node.name


def _given(function: Function) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((name, value) for target in targets for name in _stored(target))
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                yield from ((name, value) for name in _stored(target))
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                yield from ((name, value) for name in _stored(target))
            case _:
                pass


def _stored(target: ast.expr) -> Iterator[str]:
    yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))


def _lasting_defaults(function: Function) -> Iterator[str]:
    """Yield the parameters whose default is made once and can be changed."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
    pairs += [(name, value) for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    yield from (name.arg for name, value in pairs if not isinstance(value, (ast.Constant, ast.Tuple, ast.UnaryOp)))


def _changes_given(function: ast.FunctionDef) -> bool:
    """Return whether a function of the tests changes what it is given."""
    given = _parameters(function)
    for node in ast.walk(function):
        place = node if isinstance(node, (ast.Attribute, ast.Subscript)) and root(node) in given else None
        if place and (last_name(place) in CHANGING or not isinstance(place.ctx, ast.Load)):
            return True
        if isinstance(node, ast.Call) and last_name(node) in TAKING and any(root(item) in given for item in node.args):
            return True
    return False
