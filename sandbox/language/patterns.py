# ruff: noqa: N815 - the visitor protocol of ast names its methods after the node classes
"""The rules for `match` and for type parameters, where no guard can be compiled in."""

from __future__ import annotations

import ast
from typing import Any

from sandbox.language.annotations import check_annotation
from sandbox.language.ground import Ground
from sandbox.language.names import WATCHED


class Patterns(Ground):
    """Checks patterns, whose names are read as attributes without a guard, and type parameters."""

    # ---- match -----------------------------------------------------------------------------------------------------

    def visit_Match(self, node: Any) -> Any:
        """Allow `match`."""
        return self._plain(node)

    visit_match_case = visit_MatchSingleton = visit_MatchSequence = visit_MatchOr = visit_Match

    def visit_MatchValue(self, node: ast.MatchValue) -> Any:
        """Allow value patterns as written: the compiler takes only dotted names and literals there."""
        for part in ast.walk(node.value):
            if isinstance(part, ast.Name):
                self.visit(part)
            if isinstance(part, ast.Attribute) and (part.attr.startswith("_") or part.attr in WATCHED):
                self.refuse(part, "policy.attribute", f"the attribute {part.attr!r} cannot be matched", "use an if")
        return node

    def visit_MatchStar(self, node: ast.MatchStar | ast.MatchAs) -> Any:
        """Check the captured name."""
        self.check_name(node, node.name)
        return self._plain(node)

    visit_MatchAs = visit_MatchStar

    def visit_MatchMapping(self, node: ast.MatchMapping) -> Any:
        """Check the captured name; keys are value patterns."""
        self.check_name(node, node.rest)
        for key in node.keys:
            self.visit_MatchValue(ast.MatchValue(value=key))
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        return node

    def visit_MatchClass(self, node: ast.MatchClass) -> Any:
        """Check the names that the pattern reads as attributes, without a guard at run time."""
        self.visit_MatchValue(ast.MatchValue(value=node.cls))
        for name in node.kwd_attrs:
            if name.startswith("_") or name in WATCHED or name == "obj":
                self.refuse(node, "policy.attribute", f"the attribute {name!r} cannot be matched", "use an if")
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        node.kwd_patterns = [self.visit(pattern) for pattern in node.kwd_patterns]
        return node

    def _type_parameters(self, node: ast.AST) -> None:
        for parameter in getattr(node, "type_params", ()):
            self.visit(parameter)

    def visit_TypeVar(self, node: Any) -> Any:
        """Allow type parameters (Python 3.12 and later); bounds and defaults are hints."""
        self.check_name(node, node.name)
        check_annotation(getattr(node, "bound", None), self.refuse)
        check_annotation(getattr(node, "default_value", None), self.refuse)
        return node

    visit_ParamSpec = visit_TypeVarTuple = visit_TypeVar

    def visit_TypeAlias(self, node: Any) -> Any:
        """Allow `type X = ...` (Python 3.12 and later)."""
        self.visit(node.name)
        self._type_parameters(node)
        check_annotation(node.value, self.refuse)
        return node
