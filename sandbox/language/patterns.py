# ruff: noqa: N815 - the visitor protocol of ast names its methods after the node classes
"""The rules for `match` and for type parameters, where no guard can be compiled in."""

from __future__ import annotations

import ast
from typing import Any

from sandbox.language.annotations import check_annotation
from sandbox.language.classes import hidden_fields, is_unmatched
from sandbox.language.ground import Ground


class Patterns(Ground):
    """Checks patterns, whose names are read as attributes without a guard, and type parameters."""

    # ---- match -----------------------------------------------------------------------------------------------------

    def visit_Match(self, node: ast.Match) -> Any:
        """Allow `match`; classes whose patterns have positions go through a guard before the first case."""
        patterns = (part for case in node.cases for part in ast.walk(case.pattern) if isinstance(part, ast.MatchClass))
        named = [part.cls for part in patterns if part.patterns and isinstance(part.cls, ast.Name)]
        kinds = {kind.id: kind for kind in named if kind.id in self._bound}
        self._plain(node)
        if kinds:
            arguments = [node.subject, *(ast.Name(name, ast.Load()) for name in kinds)]
            node.subject = self._call("_matched_", arguments, node.subject)
        return node

    def visit_match_case(self, node: Any) -> Any:
        """Allow cases."""
        return self._plain(node)

    visit_MatchSingleton = visit_MatchSequence = visit_MatchOr = visit_match_case

    def visit_MatchValue(self, node: ast.MatchValue) -> Any:
        """Allow value patterns as written: the compiler takes only dotted names and literals there."""
        for part in ast.walk(node.value):
            if isinstance(part, ast.Name):
                self.visit(part)
            if isinstance(part, ast.Attribute) and is_unmatched(part.attr):
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
        for name in filter(is_unmatched, node.kwd_attrs):
            self.refuse(node, "policy.attribute", f"the attribute {name!r} cannot be matched", "use an if")
        if node.patterns and not (isinstance(node.cls, ast.Name) and node.cls.id in self._matchable):
            message = f"what the positions of {ast.unparse(node.cls)} read cannot be told here"
            self.refuse(node, "policy.attribute", message, f"write {ast.unparse(node.cls)}(name=value)")
        node.patterns = [self.visit(pattern) for pattern in node.patterns]
        node.kwd_patterns = [self.visit(pattern) for pattern in node.kwd_patterns]
        return node

    def check_fields(self, tree: ast.Module) -> None:
        """Refuse fields of classes that are called as what leads into the interpreter."""
        for place, name in hidden_fields(tree):
            message = f"a field cannot be called {name!r}, which leads into the interpreter"
            self.refuse(place, "policy.attribute", message, "choose another name")

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
