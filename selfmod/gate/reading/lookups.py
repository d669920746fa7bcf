"""Which table of the module each lookup asks: one under a name is one, however often it is looked up.

A name that is given more than one value is none of a table: of that nothing is asked.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.language.trees import bindings
from selfmod.gate.reading.choices import Constants

_FOLLOWED: Final = 3  # names that stand for names


def lookups(known: Constants) -> Mapping[int, str]:
    """Return the names of the tables that are looked up, by `id` of what is asked for.

    Where a lambda or a loop over constants, such as the table itself, says what is asked for, nothing is returned: it
    meets all there is in any test, and whoever looks at the tests sees nothing of that.
    """
    tables = _Tables(known)
    return {id(asked): table.id for node in ast.walk(known.tree) for table, asked in tables.asked(node)}


class _Tables:
    """Which names of one module go through what stands in it, and not through what a call brings."""

    def __init__(self, known: Constants) -> None:
        self._known = known
        functions = [one for one in ast.walk(known.tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        self._local = {name for one in functions for part in ast.iter_child_nodes(one) for name in bindings(part)}
        self._passing = {name for node in ast.walk(known.tree) for name in self._passed(node)}

    def asked(self, node: ast.AST) -> Iterator[tuple[ast.Name, ast.expr]]:
        """Yield the table of a lookup, and what it is asked for."""
        match node:
            case (
                ast.Subscript(value=ast.Name() as table, slice=asked, ctx=ast.Load())
                | ast.Call(func=ast.Attribute(value=ast.Name() as table, attr="get"), args=[asked, *_])
            ) if not _names(asked) & self._passing:
                yield table, asked
            case _:
                pass

    def _passed(self, node: ast.AST) -> list[str]:
        match node:
            case ast.Lambda(args=taken):
                return bindings(taken)
            case ast.For(target=target, iter=among) | ast.comprehension(target=target, iter=among):
                return [] if self._is_given(among) else bindings(target)
            case _:
                return []

    def _is_given(self, node: ast.expr, depth: int = 0) -> bool:
        """Return whether an expression depends on something that a call brings with it."""
        return any(self._brings(name, depth) for name in _names(node) - {*bindings(node)})

    def _brings(self, name: str, depth: int) -> bool:
        meant = self._known.meant(ast.Name(id=name))
        once = not isinstance(meant, ast.Name) and depth < _FOLLOWED
        return self._is_given(meant, depth + 1) if once else name in self._local


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
