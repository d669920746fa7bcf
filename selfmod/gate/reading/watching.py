"""A module watched: compiled so that a function hears of the value of each condition."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

from selfmod.gate.reading.choices import alternating
from selfmod.gate.reading.conditions import conditions


def watched(tree: ast.Module, path: str, name: str) -> CodeType:
    """Compile `tree` (which is changed) so that it calls `name(index, value)` where a condition has a value.

    What a condition has for a source is told before it, as `name(index, value, True)`.
    """
    from sandbox.language.transformer import Policy

    table: dict[int, list[int]] = {}
    sources: dict[int, list[int]] = {}
    for one in (found := conditions(tree)):
        table.setdefault(id(one.node), []).append(one.index)
        sources.setdefault(id(one.source), []).append(one.index)
    rows = frozenset(one.index for one in found if one.kind == "twice")
    changed = ast.fix_missing_locations(_Watch(table, sources, name, rows).visit(tree))
    policy = Policy(path, changed)
    policy.visit(changed)
    if policy.violations:
        raise ValueError(policy.violations[0].message)
    return compile(changed, path, "exec", dont_inherit=True)


class _Watch(ast.NodeTransformer):
    def __init__(
        self, table: Mapping[int, list[int]], sources: Mapping[int, list[int]], name: str, rows: frozenset[int]
    ) -> None:
        self._table, self._sources, self._name, self._rows = table, sources, name, rows

    def visit(self, node: ast.AST) -> Any:
        changed = self._match(node) if isinstance(node, ast.Match) else super().visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._function(changed)
        if isinstance(node, ast.AugAssign):
            return [*(ast.copy_location(one, node) for one in self._before(node)), changed]
        if isinstance(node, ast.SetComp) and self._rows & {*self._of(node)}:
            return self._set(node, changed)
        if isinstance(node, ast.expr):
            for index in self._table.get(id(node), ()):
                changed = ast.copy_location(self._call(index, changed), node)
            for index in self._sources.get(id(node), ()):
                changed = ast.copy_location(self._call(index, changed, source=True), node)
        return changed

    def _call(self, index: int, value: Any, *, source: bool = False) -> ast.expr:
        watch = ast.Name(id=self._name, ctx=ast.Load())
        given = [ast.Constant(value=index), value, *([ast.Constant(value=True)] if source else [])]
        return ast.Call(func=watch, args=given, keywords=[])

    def _before(self, node: ast.AugAssign) -> list[ast.stmt]:
        """What a name is before it is changed in place."""
        target = copy.copy(node.target)
        target.ctx = ast.Load()
        return [ast.Expr(value=self._call(index, target)) for index in self._of(node)]

    def _set(self, node: ast.SetComp, changed: Any) -> ast.expr:
        """What is twice in a set is not there any more: the members are seen in a row."""
        row: ast.expr = ast.ListComp(elt=changed.elt, generators=changed.generators)
        for index in self._rows & {*self._of(node)}:
            row = self._call(index, row)
        whole: ast.expr = ast.Set(elts=[ast.Starred(value=row, ctx=ast.Load())])
        for index in {*self._of(node)} - self._rows:
            whole = self._call(index, whole)
        return ast.copy_location(whole, node)

    def _function(self, node: Any) -> Any:
        """What a function was given is seen where it begins, behind its docstring."""
        told = [(index, one.arg) for one in ast.walk(node.args) if isinstance(one, ast.arg) for index in self._of(one)]
        seen = [ast.Expr(value=self._call(index, ast.Name(id=name, ctx=ast.Load()))) for index, name in told]
        place = int(ast.get_docstring(node, clean=False) is not None)
        node.body[place:place] = [ast.copy_location(one, node.body[0]) for one in seen]
        return node

    def _of(self, node: ast.AST) -> list[int]:
        return self._table.get(id(node), [])

    def _match(self, node: ast.Match) -> ast.AST:
        """Patterns hold no expressions that may be computed: a case is met where its body begins.

        A case of several alternatives becomes one case for each, so that each has a body of its own.
        """
        node.subject = self.visit(node.subject)
        node.cases = [one for case in node.cases for one in self._cases(case)]
        return node

    def _cases(self, case: ast.match_case) -> Iterator[ast.match_case]:
        case.guard = self.visit(case.guard) if case.guard else None
        case.body = [changed for statement in case.body for changed in self._statements(statement)]
        places, indexes = alternating(case.pattern), self._of(case)
        for ways in itertools.product(*(place.patterns for place in places)):
            chosen = dict(zip(map(id, places), ways, strict=True))
            one = ast.match_case(pattern=_chosen(case.pattern, chosen), guard=case.guard, body=[*case.body])
            self._met(one, [*indexes, *(index for way in ways for index in self._of(way))])
            yield copy.deepcopy(one)

    def _statements(self, statement: ast.stmt) -> list[ast.stmt]:
        changed = self.visit(statement)
        return changed if isinstance(changed, list) else [changed]

    def _met(self, case: ast.match_case, indexes: list[int]) -> None:
        for index in indexes:
            met = ast.Expr(value=self._call(index, ast.Constant(value=True)))
            case.body.insert(0, ast.copy_location(met, case.body[0]))


def _chosen(part: Any, ways: Mapping[int, ast.pattern]) -> Any:
    """A pattern again, with one way in each place where there are several."""
    if isinstance(part, list):
        return [_chosen(one, ways) for one in part]
    if id(part) in ways:
        return _chosen(ways[id(part)], ways)
    if not isinstance(part, ast.pattern):
        return part
    again = copy.copy(part)
    for name in ("pattern", "patterns", "kwd_patterns"):
        if hasattr(part, name):
            setattr(again, name, _chosen(getattr(part, name), ways))
    return again
