"""Which parameters of a module's functions it keeps: handed to the storage or written to a file, not only measured."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from selfmod.gate.reading.origins import Origins

Function = ast.FunctionDef | ast.AsyncFunctionDef
_KEEP: Final = frozenset({"plugins.sdk.storage.set", "plugins.sdk.files.write", "plugins.sdk.files.write_text"})
_GROW: Final = frozenset({"add", "append", "appendleft", "extend", "insert", "setdefault", "update"})
# What says something of a value, and does not hold it.
_MEASURE: Final = frozenset(
    {"all", "any", "bool", "count", "digest", "endswith", "find", "hash", "hexdigest", "index", "isinstance", "len"}
    | {"ord", "startswith", "sum"}
)


class Kept:
    """What the functions of a module keep of what they are given, and what they make use of."""

    def __init__(self, tree: ast.Module) -> None:
        self.functions: dict[str, Function] = {node.name: node for node in tree.body if isinstance(node, Function)}
        self._origins = Origins(tree)
        self._reached: dict[tuple[str, str, bool], bool] = {}

    def parameters(self, name: str) -> frozenset[str]:
        """Return the parameters of a function of which more than a measure is kept."""
        return frozenset(one for one in _taken(self.functions[name]) if self._flows(name, one, kept=True))

    def uses(self, name: str) -> frozenset[str]:
        """Return the names that a function speaks of, with those of the functions that it calls."""
        seen, waiting = set[str](), [name]
        while waiting:
            function = self.functions.get(waiting.pop())
            said = set(_names(function)) - seen if function else set()
            seen |= said
            waiting += said
        return frozenset(seen)

    def _flows(self, name: str, parameter: str, *, kept: bool) -> bool:
        """Return whether a parameter ends in what is kept, or in what the function returns."""
        key = (name, parameter, kept)
        if key not in self._reached:
            self._reached[key] = False  # until more is known: a function may call itself
            function = self.functions[name]
            held = self._held(function, parameter)
            self._reached[key] = any(self._ends(node, held, kept=kept) for node in ast.walk(function))
        return self._reached[key]

    def _ends(self, node: ast.AST, held: set[str], *, kept: bool) -> bool:
        match node:
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value) if not kept:
                return self._carries(value, held)
            case ast.Call(func=ast.Name(id=name)) if kept and name in self.functions:
                return any(self._flows(name, one, kept=True) for one in self._passed(node, held))
            case ast.Call(func=func) if kept and self._origins.of(func) in _KEEP:
                return any(self._carries(value, held) for value in _given(node))
            case _:
                return False

    def _held(self, function: Function, parameter: str) -> set[str]:
        """The names of a function that hold a parameter, or a part of it."""
        held, before = {parameter}, set[str]()
        while held != before:
            before = set(held)
            for node in ast.walk(function):
                held.update(self._bound(node, held))
        return held

    def _bound(self, node: ast.AST, held: set[str]) -> Iterator[str]:
        match node:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                targets = [target]
            case ast.NamedExpr(target=target, value=value):
                targets = [target]
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                targets = [target]
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _GROW:
                if any(self._carries(one, held) for one in _given(node)):
                    yield from _roots(value)
                return
            case _:
                return
        for one in targets:
            keyed = isinstance(one, ast.Subscript) and self._carries(one.slice, held)
            if keyed or self._carries(value, held):
                yield from _roots(one)

    def _carries(self, node: ast.AST, held: set[str]) -> bool:
        match node:
            case ast.Name(id=name):
                return name in held
            case ast.Compare():
                return False
            case ast.Subscript(value=value):
                return self._carries(value, held)
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                return any(self._flows(name, one, kept=False) for one in self._passed(node, held))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _MEASURE:
                return False
            case _:
                return any(self._carries(child, held) for child in ast.iter_child_nodes(node))

    def _passed(self, call: ast.Call, held: set[str]) -> Iterator[str]:
        """The parameters of a function of the module that a call hands something held to."""
        assert isinstance(call.func, ast.Name)
        taken = _taken(self.functions[call.func.id])
        given = [*zip(taken, call.args, strict=False), *((one.arg or "", one.value) for one in call.keywords)]
        yield from (name for name, value in given if name in taken and self._carries(value, held))


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(one.value for one in call.keywords)]


def _taken(function: Function) -> list[str]:
    arguments = function.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _roots(target: ast.expr) -> Iterator[str]:
    """The names that an assignment to a target changes; what stands in an index is only read."""
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Subscript(value=value) | ast.Attribute(value=value) | ast.Starred(value=value):
            yield from _roots(value)
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            for one in elts:
                yield from _roots(one)
        case _:
            return


def _names(function: Function) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case _:
                pass
