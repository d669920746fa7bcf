"""One module that holds all its mutants: a number, set from outside, says which of them is active."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from selfmod.gate.mutants.choice import Mutant


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The globals that hold the number of the active mutant and the function that every turn of a loop calls.

    Their names are other ones in every run: code that could name them would know that it is a mutant.
    """

    active: str
    tick: str


def switches(nonce: str) -> Switches:
    """Return the names for the run with this nonce."""
    return Switches(active=f"active_{nonce}", tick=f"tick_{nonce}")


class NotCompiled(Exception):
    """The module with these mutants is not in the dialect, too deep to compile, or without one of them."""


def schemata(tree: ast.Module, chosen: Iterable[Mutant], path: str, names: Switches) -> CodeType:
    """Compile `tree` (which is changed) with the chosen mutants in it, by the same policy as the plugin itself."""
    from sandbox.language.transformer import Policy

    chosen = list(chosen)
    table: dict[int, list[Mutant]] = {}
    for mutant in chosen:
        table.setdefault(id(mutant.node), []).append(mutant)
    switched = ast.fix_missing_locations(_Switch(table, names).visit(tree))
    policy = Policy(path, switched)
    try:
        policy.visit(switched)
        left = {mutant.index for mutant in chosen} - set(_embedded(switched, names))
        if left:
            raise NotCompiled(f"mutants {sorted(left)} would never run")
        if not policy.violations:
            return compile(switched, path, "exec", dont_inherit=True)
    except (RecursionError, MemoryError, ValueError, SyntaxError) as error:
        raise NotCompiled(str(error)) from error
    raise NotCompiled(policy.violations[0].message)


def _embedded(tree: ast.AST, names: Switches) -> Iterator[int]:
    """The numbers that the code asks for: a mutant that is not among them would pass for one that no test notices."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=ast.Name(id=name), comparators=[ast.Constant(value=int(index))]):
                yield from [index] if name == names.active else []
            case _:
                pass


class _Switch(ast.NodeTransformer):
    def __init__(self, table: dict[int, list[Mutant]], names: Switches) -> None:
        self._table, self._names = table, names

    def visit(self, node: ast.AST) -> Any:
        found = self._table.get(id(node), [])
        changed = super().visit(node)
        for mutant in found:
            changed = _either(mutant, changed, self._names.active)
        return changed

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._counted(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._counted(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._counted(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self._counted(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._counted(node)

    def _counted(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        told = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
        node.body.insert(int(told), ast.copy_location(ast.Expr(value=self._tick()), node.body[0]))
        return node  # type: ignore[no-any-return]

    def _tick(self) -> ast.expr:
        return ast.Call(func=ast.Name(id=self._names.tick, ctx=ast.Load()), args=[], keywords=[])

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs.insert(0, self._tick())
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """A text inside an f-string can only become an expression in braces."""
        values: list[ast.expr] = []
        for part in node.values:
            changed = self.visit(part)
            plain = isinstance(changed, ast.Constant | ast.FormattedValue)
            values.append(changed if plain else ast.FormattedValue(value=changed, conversion=-1))
        node.values = values
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """Patterns hold no expressions that may be computed."""
        node.subject = self.visit(node.subject)
        for case in node.cases:
            case.guard = self.visit(case.guard) if case.guard else None
            case.body = [part for statement in case.body for part in _listed(self.visit(statement))]
        return node


def _listed(changed: Any) -> list[ast.stmt]:
    return changed if isinstance(changed, list) else [changed]


def _either(mutant: Mutant, plain: Any, active: str) -> Any:
    test = ast.Compare(
        left=ast.Name(id=active, ctx=ast.Load()), ops=[ast.Eq()], comparators=[ast.Constant(value=mutant.index)]
    )
    if isinstance(mutant.variant, list):
        return ast.copy_location(ast.If(test=test, body=mutant.variant, orelse=_listed(plain)), mutant.node)
    return ast.copy_location(ast.IfExp(test=test, body=mutant.variant, orelse=plain), mutant.node)
