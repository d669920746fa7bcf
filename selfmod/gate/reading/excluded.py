"""What a name cannot be in a place, by the conditions on the way there: found by reading alone.

Behind `if name != "url":` no test can show what a table has for "url"; that it is met at all is asked where the
condition stands. Only names that a function gives a value once, before the condition, stay what they were found to be.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from sandbox.language.trees import names_bound_by
from selfmod.gate.reading.choices import Constants

Excluded = Mapping[str, frozenset[object]]
_LEAVING: Final = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# What runs at another time than it stands, or has names of its own.
_APART: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)


def excluded(known: Constants) -> Mapping[int, frozenset[object]]:
    """Return for names that are read, by `id` of the node, the certain values that they cannot have there."""
    functions = [node for node in ast.walk(known.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found: dict[int, frozenset[object]] = {}
    if not {"__eq__", "__ne__"} & {function.name for function in functions}:  # else one may be equal and unequal
        for function in functions:
            _Reading(known, _once(function), found).block(function.body, {})
    return found


def _once(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Mapping[str, int]:
    """The names that are bound once in all of a function, and the line of it."""
    lines: dict[str, list[int]] = {}
    for node in ast.walk(function):
        for name in (*names_bound_by(node), *_unsure(node)):
            lines.setdefault(name, []).append(getattr(node, "lineno", 0))
    return {name: several[0] for name, several in lines.items() if len(several) == 1}


def _unsure(node: ast.AST) -> list[str]:
    """Names that get values elsewhere too, or lose theirs: counted twice."""
    match node:
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return names * 2
        case ast.ExceptHandler(name=str(name)):
            return [name]
        case _:
            return []


class _Reading:
    """Goes through the statements of one function."""

    def __init__(self, known: Constants, once: Mapping[str, int], found: dict[int, frozenset[object]]) -> None:
        self._known, self._once, self._found = known, once, found

    def block(self, statements: list[ast.stmt], facts: Excluded) -> None:
        """Read statements that follow one another; where one of two ways leaves, the other is the way on."""
        for statement in statements:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    then, other = self._when(test, so=True), self._when(test, so=False)
                    self._within(test, facts)
                    self.block(body, _joined(facts, then))
                    self.block(orelse, _joined(facts, other))
                    facts = _joined(facts, other if _leaves(body) else then if _leaves(orelse) else {})
                case _:
                    self._within(statement, facts)

    def _within(self, node: ast.AST, facts: Excluded) -> None:
        if isinstance(node, _APART):
            return
        if isinstance(node, ast.Name) and node.id in facts:
            self._found[id(node)] = facts[node.id]
        for _, value in ast.iter_fields(node):
            several = value if isinstance(value, list) else [value]
            if several and isinstance(several[0], ast.stmt):
                self.block(several, facts)
            else:
                for part in several:
                    if isinstance(part, ast.AST):
                        self._within(part, facts)

    def _when(self, test: ast.expr, *, so: bool) -> Excluded:
        """What is excluded where a condition holds, or where it does not."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._when(operand, so=not so)
            case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) is so:
                return _joined(*(self._when(value, so=so) for value in values))
            case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[other]) if self._holds(name, test):
                if isinstance(op, ast.NotEq if so else ast.Eq):
                    return {name: frozenset(self._known.certain([other]))}
                if isinstance(op, ast.NotIn if so else ast.In):
                    return {name: frozenset(self._known.members(other))}
        return {}

    def _holds(self, name: str, test: ast.expr) -> bool:
        return name in self._once and self._once[name] < test.lineno


def _joined(*several: Excluded) -> Excluded:
    return {name: frozenset().union(*(one.get(name, ()) for one in several)) for one in several for name in one}


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], _LEAVING)
