"""Where the names in a file of tests get their values from, found by reading alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BUILDING: Final = frozenset({"append", "extend", "add", "insert", "update", "setdefault"})
_PASSING: Final = frozenset({"enumerate", "zip", "sorted", "reversed", "items", "values", "keys", "list", "tuple"})


def names_in(node: ast.AST) -> set[str]:
    """The names that an expression reads."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def called(node: ast.Call) -> str:
    """The last part of the name of what is called, "" where it has none."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def given(node: ast.Call) -> list[ast.expr]:
    """What a call is given."""
    return [*node.args, *(keyword.value for keyword in node.keywords)]


class File:
    """One file of tests, its functions, and which functions of the plugin each of them comes to.

    `own` are the functions of the plugin, each with the name of the one that it is.
    """

    def __init__(self, path: str, tree: ast.Module, module: str, own: Mapping[str, str]) -> None:
        self.path, self.tree = path, tree
        self.helpers = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == module]
        names = [one for node in imports for one in node.names if one.name in own]
        self._known = {one.asname or one.name: own[one.name] for one in names}
        modules = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
        self._modules = {one.asname or one.name for node in modules for one in node.names if one.name == module}
        self._own = own

    def plugins(self, node: ast.AST) -> str:
        """The function of the plugin that a name or an attribute stands for, "" for none."""
        match node:
            case ast.Name(id=name):
                return self._known.get(name, "")
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in self._modules and name in self._own:
                return self._own[name]
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id=owner), ast.Constant(value=str(name)), *_]):
                return self._own.get(name, "") if owner in self._modules else ""
            case _:
                return ""

    def reached(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """The functions of the plugin that stand in a piece of the tests, or in what it uses of their functions."""
        parts = list(ast.walk(node))
        found = {name for part in parts if (name := self.plugins(part))}
        for name in sorted({part.id for part in parts if isinstance(part, ast.Name)} & self.helpers.keys() - seen):
            found |= self.reached(self.helpers[name], seen | {name})
        return frozenset(found)


class Bindings:
    """What the names in one function of a file of tests are bound to.

    `values` holds all of it by name; `rows` are those that `parametrize` gives, `drawn` those that a loop takes from
    something that is made while the tests run.
    """

    def __init__(self, file: File, function: Function) -> None:
        self._file = file
        self.values: dict[str, list[ast.expr]] = {}
        self._assigned: dict[str, list[ast.expr]] = {}
        self.rows: set[str] = set()
        self.drawn: set[str] = set()
        top = [node for node in file.tree.body if not isinstance(node, Function | ast.ClassDef)]
        for statement in (*top, function):
            for node in ast.walk(statement):
                self._bind(node)
        self._parameters(function)

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.For(target=target, iter=among) | ast.AsyncFor(target=target, iter=among):
                self._loop(target, among)
            case ast.comprehension(target=target, iter=among):
                self._loop(target, among)
            case ast.Assign(targets=targets, value=value):
                self._store(targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                self._store([target], value)
            case ast.NamedExpr(target=target, value=value):
                self._store([target], value)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self._store([target], value)
            case ast.Call(func=ast.Attribute(value=ast.Name() as target, attr=attr)) if attr in _BUILDING:
                for value in given(node):
                    self._store([target], value)
            case _:
                pass

    def _store(self, targets: list[ast.expr], value: ast.expr) -> None:
        for name in sorted(set().union(*map(names_in, targets))):
            self.values.setdefault(name, []).append(value)
            self._assigned.setdefault(name, []).append(value)

    def _loop(self, target: ast.expr, among: ast.expr) -> None:
        calls = [node for node in ast.walk(among) if isinstance(node, ast.Call) and called(node) not in _PASSING]
        rows = self.values.get(among.id, [among])[0] if isinstance(among, ast.Name) else among
        columns = _apart(target, rows)
        for name in names_in(target):
            self.values.setdefault(name, []).extend(columns.get(name, [among]))
            self.drawn |= {name} if calls else set()

    def _parameters(self, function: Function) -> None:
        rows = dict(_rows(function, self.values))
        self.rows = set(rows)
        for argument in (*function.args.args, *function.args.kwonlyargs):
            name = argument.arg
            made = [ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[], keywords=[])]
            self.values.setdefault(name, []).extend(rows.get(name, made if name in self._file.helpers else []))

    def followed(self, node: ast.expr) -> list[ast.expr]:
        """An expression, and what the names in it were assigned; what a loop gives is not followed."""
        found, names, left = [node], set[str](), [node]
        while left:
            for name in sorted(names_in(left.pop()) - names):
                names.add(name)
                found += self._assigned.get(name, [])
                left += self._assigned.get(name, [])
        return found

    def variables(self, node: ast.expr) -> set[str]:
        """The names of this file on which an expression depends."""
        return set().union(*map(names_in, self.followed(node))) & self.values.keys()

    def of(self, node: ast.expr) -> frozenset[str]:
        """The functions of the plugin on whose results an expression depends."""
        found, names, left = frozenset[str](), set[str](), [node]
        while left:
            part = left.pop()
            found |= self._file.reached(part)
            for name in sorted(names_in(part) - names):
                names.add(name)
                left += self.values.get(name, [])
        return found


def _rows(function: Function, constants: Mapping[str, list[ast.expr]]) -> Iterator[tuple[str, list[ast.expr]]]:
    """What `parametrize` gives for each name."""
    for mark in function.decorator_list:
        match mark:
            case ast.Call(func=ast.Attribute(attr="parametrize"), args=[names, rows, *_]):
                yield from _columns(names, constants.get(rows.id, [rows])[0] if isinstance(rows, ast.Name) else rows)
            case _:
                pass


def _apart(target: ast.expr, rows: ast.expr) -> dict[str, list[ast.expr]]:
    """What a loop gives each of its names, where it takes rows apart that are all written out."""
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(rows, ast.Tuple | ast.List):
        return {}
    cells = [row.elts for row in rows.elts if isinstance(row, ast.Tuple | ast.List)]
    if len(cells) < len(rows.elts) or any(len(row) != len(target.elts) for row in cells):
        return {}
    return {one.id: [row[index] for row in cells] for index, one in enumerate(target.elts) if isinstance(one, ast.Name)}


def _columns(names: ast.expr, rows: ast.expr) -> Iterator[tuple[str, list[ast.expr]]]:
    try:
        told = ast.literal_eval(names)
    except ValueError:
        return
    listed = [name.strip() for name in told.split(",")] if isinstance(told, str) else [str(name) for name in told]
    cells = [_cells(row, len(listed)) for row in getattr(rows, "elts", ())]
    for index, name in enumerate(listed):
        yield name, [row[index] for row in cells if index < len(row)]


def _cells(row: ast.expr, width: int) -> list[ast.expr]:
    if isinstance(row, ast.Call) and called(row) == "param":
        return row.args
    return list(getattr(row, "elts", [row])) if width > 1 else [row]
