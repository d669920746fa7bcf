"""Classes of the tests that answer in place of the plugin: by special methods, where a result is looked at.

A double that is given to the plugin may have any method. What stands in an assertion is to be the result itself, and
values that somebody wrote: a comparison, an item or a length that a class of the tests works out can come out as right
whatever the plugin gave.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Final

from sandbox.language.names import METHODS
from sandbox.language.trees import last_name
from selfmod.gate.reading.bindings import Bindings, File, Function
from selfmod.gate.reading.parse import Found, found

# What makes an object, or says nothing about what it is compared with.
_SAYING_NOTHING: Final = frozenset(
    {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__", "__class_getitem__", "__repr__"}
    | {"__enter__", "__exit__", "__aenter__", "__aexit__", "__setitem__", "__delitem__"}
)
_ANSWERING: Final = METHODS - _SAYING_NOTHING


def answers(path: str, tree: ast.Module, module: str, own: set[str]) -> Iterator[Found]:
    """Yield each assertion of a file of tests in which such a class answers; `own` are the plugin's functions."""
    kinds = _answering(tree)
    if not kinds:
        return
    file, kept = File(path, tree, module, {name: name for name in own}), _kept(tree)
    for function in file.helpers.values():
        asked = _Asked(file, Bindings(file, function), kinds, kept)
        for check in ast.walk(function):
            if isinstance(check, ast.Assert | ast.If):
                for name in sorted(asked.kinds(check.test)):
                    message = f"{name}.{kinds[name][0]} of the tests answers here in place of the plugin"
                    hint = "assert on the result itself, with values that are written out"
                    yield found("policy.test-answer", message, path, check.lineno, hint=hint, key=name)


def _answering(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """The classes of a file with the special methods by which they answer, their own or those of a class before."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in ast.walk(tree):
        if isinstance(kind, ast.ClassDef):
            before = [method for base in kind.bases for method in found.get(getattr(base, "id", ""), ())]
            if methods := [*_methods(kind), *before]:
                found[kind.name] = tuple(methods)
    return found


def _methods(kind: ast.ClassDef) -> Iterator[str]:
    for part in kind.body:
        match part:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in _ANSWERING:
                yield name
            case _:
                pass


def _kept(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What attributes are given: of objects, and of classes where they are written."""
    kept: dict[str, list[ast.expr]] = {}
    bodies = {id(part) for kind in ast.walk(tree) if isinstance(kind, ast.ClassDef) for part in kind.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) or (isinstance(target, ast.Name) and id(node) in bodies):
                    kept.setdefault(last_name(target), []).append(node.value)
    return kept


class _Asked:
    """Finds where an object of such a class is asked for something."""

    def __init__(self, file: File, bound: Bindings, kinds: Collection[str], kept: dict[str, list[ast.expr]]) -> None:
        self._file, self._bound, self._kinds, self._kept = file, bound, kinds, kept

    def kinds(self, value: ast.AST, seen: frozenset[str] = frozenset()) -> set[str]:
        """The classes of which a value is, holds or asks objects; what the plugin makes of them is the plugin's."""
        match value:
            case ast.Call() if self._file.plugins(value.func):
                return set()
            case ast.Name(id=name) if name in self._kinds:
                return {name}
            case ast.Name(id=name):
                values: list[ast.expr] = [*self._bound.values.get(name, ()), *_returned(self._file.helpers.get(name))]
            case ast.Attribute(value=ast.Name() | ast.Call(func=ast.Name()), attr=attribute):
                name, values = f".{attribute}", self._kept.get(attribute, [])
            case _:
                return set[str]().union(*(self.kinds(child, seen) for child in ast.iter_child_nodes(value)))
        if name in seen:
            return set()
        return set[str]().union(*(self.kinds(one, seen | {name}) for one in values))


def _returned(helper: Function | None) -> list[ast.expr]:
    if helper is None:
        return []
    return [node.value for node in ast.walk(helper) if isinstance(node, ast.Return | ast.Yield) and node.value]
