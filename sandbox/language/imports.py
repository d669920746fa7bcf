"""The rules for import statements: listed modules, and only what their views show."""

from __future__ import annotations

import ast
from typing import Any

from sandbox.language.ground import Ground
from sandbox.language.instead import of_member, of_module
from sandbox.language.modules import ALLOWED_IMPORTS, is_package, public_names


class Imports(Ground):
    """Checks what is imported."""

    def visit_Import(self, node: ast.Import) -> Any:
        """Allow listed modules."""
        for alias in node.names:
            self._check_module(node, alias.name)
            self.check_name(node, alias.asname or alias.name.partition(".")[0])
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        """Allow listed names of listed modules."""
        if node.level:
            self.refuse(node, "policy.import", "relative imports are not part of the dialect", "keep one module")
            return node
        name = node.module or ""
        for alias in node.names:
            self.check_name(node, alias.asname or alias.name)
        if self._check_module(node, name):
            self._check_members(node, name)
        return node

    def _check_module(self, node: ast.AST, name: str) -> bool:
        if getattr(node, "is_lazy", 0):
            self.refuse(node, "policy.syntax", "lazy imports are not part of the dialect", "write a plain import")
        if name in ALLOWED_IMPORTS or is_package(name):
            return True
        names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
        hint = of_module(name, names) or "use one of the modules the dialect lists"
        self.refuse(node, "policy.import", f"a plugin cannot import {name!r}", hint)
        return False

    def _check_members(self, node: ast.ImportFrom, name: str) -> None:
        for alias in node.names:
            if alias.name == "*":
                message, hint = "star imports are not part of the dialect", "name what you need"
            elif f"{name}.{alias.name}" in ALLOWED_IMPORTS or alias.name in public_names(name):
                continue
            else:
                message = f"a plugin cannot import {alias.name!r} from {name!r}"
                hint = of_member(name, alias.name)
            self.refuse(node, "policy.import", message, hint)
