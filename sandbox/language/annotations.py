"""What may stand in a type hint.

Hints are left as written, because dataclasses and `typing` read their text; so no guard is compiled into them, and
they may hold only names, attributes, subscripts, unions and constants - in text form too, since `get_type_hints`
evaluates it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Final

from sandbox.language.names import attribute_problem

Report = Callable[[ast.AST, str, str, str], None]

_RISKY_TEXT: Final = re.compile(r"__|\.\s*_|\b(?:gi|cr|ag|tb|co|f)_\w+|\bformat\b")
_DOTTED_MARKER: Final = re.compile(r"\s*\w+\s*\.\s*(?:ClassVar|InitVar|KW_ONLY)\b")
_HINT: Final = "write a plain type hint such as `list[int] | None`"
_STRUCTURE: Final = (ast.Tuple, ast.List, ast.Load, ast.BitOr, ast.Starred, ast.USub)
_MAX_TEXT: Final = 1000


def check_annotation(node: ast.AST | None, report: Report) -> None:
    """Report everything in a hint that is more than a type."""
    if node is not None:
        _check(node, node, report, in_literal=False)


def _check(node: ast.AST, place: ast.AST, report: Report, *, in_literal: bool) -> None:
    match node:
        case ast.Constant(value=str(text)):
            _check_text(text, place, report, in_literal=in_literal)
            return
        case ast.Subscript(value=base, slice=arguments):
            _check(base, place, report, in_literal=False)
            _check(arguments, place, report, in_literal=in_literal or _last_name(base) in ("Literal", "Annotated"))
            return
        case ast.Attribute(attr=name):
            problem = attribute_problem(name)
            if problem or name.startswith("_"):
                report(place, "policy.annotation", f"the attribute {name!r} is not allowed in a type hint", _HINT)
        case ast.Name(id=name) if name.startswith("__") or (name.startswith("_") and name.endswith("_")):
            report(place, "policy.annotation", f"the name {name!r} is not allowed in a type hint", _HINT)
        case ast.Constant() | ast.Name() | ast.BinOp(op=ast.BitOr()) | ast.UnaryOp(op=ast.USub()):
            pass
        case _ if not isinstance(node, _STRUCTURE):
            message = f"{type(node).__name__} is more than a type hint may hold"
            report(place, "policy.annotation", message, _HINT)
            return
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        _check(child, place, report, in_literal=in_literal)


def _last_name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _check_text(text: str, place: ast.AST, report: Report, *, in_literal: bool) -> None:
    if in_literal:
        if _RISKY_TEXT.search(text):
            report(place, "policy.annotation", "this text could be evaluated as a type hint", _HINT)
        return
    try:
        tree = ast.parse(text[:_MAX_TEXT].strip(), mode="eval")
        _check(tree.body, place, report, in_literal=False)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        report(place, "policy.annotation", "this text is not a type hint", _HINT)


def is_dotted_marker(node: ast.expr, *, as_text: bool) -> bool:
    """Return whether a hint that is kept as text reads `typing.ClassVar`, `dataclasses.InitVar` or the like."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(_DOTTED_MARKER.match(node.value))
    base = node.value if isinstance(node, ast.Subscript) else node
    return as_text and isinstance(base, ast.Attribute) and base.attr in ("ClassVar", "InitVar", "KW_ONLY")
