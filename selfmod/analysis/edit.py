"""Edits of source that keep its comments and format, with libcst.

`skeleton` is what a reader needs in order to use a module without seeing how it works: signatures, docstrings, comments
and constants stay as they are written, bodies become `...`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

MAX_DEPTH = 250


def skeleton(source: str, *, without: Collection[str] = (), private: bool = False) -> str:
    """The module with bodies left out, and without the qualified names in `without` or, unless asked, private ones.

    Raises ValueError when the source cannot be parsed. Rendering it again changes nothing.
    """
    import libcst as cst

    _require_shallow(source)
    try:
        module = cst.parse_module(source)
        return module.visit(_shorten(frozenset(without), private=private)).code
    except (cst.ParserSyntaxError, RecursionError) as error:
        raise ValueError(f"cannot be parsed: {type(error).__name__}") from error


def _require_shallow(source: str) -> None:
    """Refuse what nests deeply: on that, libcst's parser overflows the stack of the whole process."""
    try:
        level: list[ast.AST] = [ast.parse(source)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot be parsed: {type(error).__name__}") from error
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ValueError(f"cannot be parsed: nested deeper than {MAX_DEPTH}")


def _shorten(without: frozenset[str], *, private: bool) -> cst.CSTTransformer:
    import libcst as cst

    class Shorten(cst.CSTTransformer):
        """Replaces the bodies of functions on the way out, so that nested ones are gone with their owner."""

        def __init__(self) -> None:
            super().__init__()
            self.path: list[str] = []

        def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
            self.path.append(node.name.value)
            return False

        def visit_ClassDef(self, node: cst.ClassDef) -> bool:
            self.path.append(node.name.value)
            return True

        def leave_FunctionDef(
            self, _: cst.FunctionDef, updated_node: cst.FunctionDef
        ) -> cst.FunctionDef | cst.RemovalSentinel:
            if self._left_out():
                return cst.RemoveFromParent()
            return updated_node.with_changes(body=_without_body(updated_node.body))

        def leave_ClassDef(self, _: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef | cst.RemovalSentinel:
            if self._left_out():
                return cst.RemoveFromParent()
            return updated_node if updated_node.body.body else updated_node.with_changes(body=_dots())

        def _left_out(self) -> bool:
            """Whether the definition that is being left is; takes it off the path."""
            name = ".".join(self.path)
            own = self.path.pop()
            return name in without or (not private and own.startswith("_") and not own.endswith("__"))

    return Shorten()


def _dots() -> cst.IndentedBlock:
    import libcst as cst

    return cst.IndentedBlock(body=[cst.SimpleStatementLine(body=[cst.Expr(value=cst.Ellipsis())])])


def _without_body(body: cst.BaseSuite) -> cst.BaseSuite:
    """The docstring, where there is one, then dots."""
    import libcst as cst

    if not isinstance(body, cst.IndentedBlock):
        return cst.SimpleStatementSuite(body=[cst.Expr(value=cst.Ellipsis())])
    first = body.body[0] if body.body else None
    match first:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]):
            return body.with_changes(body=[first, *_dots().body], footer=[])
        case _:
            return body.with_changes(body=_dots().body, footer=[])
