"""The ground of the language policy: how a refusal is recorded, and the rule that unknown syntax is refused."""

from __future__ import annotations

import ast
from typing import Any, Final

from RestrictedPython.transformer import RestrictingNodeTransformer

from sandbox.language.classes import pattern_classes
from sandbox.language.names import ASSIGNABLE, DEFINABLE, GUARDS, is_dunder
from sandbox.language.trees import bindings, has_text_hints, imported_modules
from sandbox.outcome import Violation

_REFUSED_NODES: Final = {
    "TryStar": "use `except`; except* is not part of the dialect",
    "TemplateStr": "use an f-string",
    "Interpolation": "use an f-string",
}


class Ground(RestrictingNodeTransformer):
    """Records violations; the base class refuses every node that nobody wrote a rule for."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        super().__init__()
        self.path = path
        self.violations: list[Violation] = []
        self._bound = frozenset(bindings(tree))  # a parameter called `input` is not the builtin
        self._modules = imported_modules(tree)
        self._hints_are_text = has_text_hints(tree)
        self._matchable = pattern_classes(tree)
        self._scopes: list[ast.AST] = []
        self._callee: ast.AST | None = None
        self._instances: dict[ast.AST, str] = {}

    # ---- reporting -------------------------------------------------------------------------------------------------

    def refuse(self, node: ast.AST, rule: str, message: str, hint: str) -> None:
        """Record one violation at the place of `node`."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.violations.append(
            Violation(rule=rule, message=message, path=self.path, line=line, column=column, hint=hint)
        )

    def error(self, node: ast.AST, info: str) -> None:
        """Record what a rule of the base class refuses."""
        self.refuse(node, "policy.syntax", info, "see the dialect")

    def warn(self, node: ast.AST, info: str) -> None:
        """Drop the base class's warnings: each comes with an error."""

    def not_allowed(self, node: ast.AST) -> None:
        """Record a node without a rule."""
        kind = type(node).__name__
        hint = _REFUSED_NODES.get(kind, "use syntax that the dialect lists")
        self.refuse(node, "policy.syntax", f"{kind} is not part of the dialect", hint)

    def _call(self, guard: str, arguments: list[ast.expr], place: ast.AST) -> ast.Call:
        """Return the call of a guard, at a place of the source."""
        call = ast.Call(func=ast.Name(guard, ast.Load()), args=arguments, keywords=[])
        ast.copy_location(call, place)
        for child in (call.func, *arguments):
            if not hasattr(child, "lineno"):
                ast.copy_location(child, place)
        return call

    def _plain(self, node: ast.AST) -> Any:
        return self.node_contents_visit(node)

    def check_name(self, node: ast.AST, name: str | None, allow_magic_methods: bool = False) -> None:  # noqa: ARG002
        """Refuse a name that is bound here: guards, and double-underscore names with a meaning."""
        if name is None:
            return
        if name in GUARDS:
            self.refuse(node, "policy.name", f"the name {name!r} belongs to the language policy", "choose another name")
        elif is_dunder(name) and name not in ASSIGNABLE and not (self._in_class() and name in DEFINABLE):
            self.refuse(node, "policy.name", f"the name {name!r} cannot be defined here", "choose an ordinary name")

    def _in_class(self) -> bool:
        return bool(self._scopes) and isinstance(self._scopes[-1], ast.ClassDef)
