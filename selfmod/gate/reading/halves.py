"""Which way a half goes: where a plugin says so in words, a test has to meet a half that shows it.

`2.675` becomes `2.68` by either rule, to the even neighbour and away from zero; `0.125` does not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from selfmod.gate.reading.choices import Condition

_WAY: Final = r"(?:up|down|even|away|to\s+(?:the\s+)?(?:nearest\s+)?even)"
_GOES: Final = r"(?:(?:always|are|is|goes|go|rounds?|rounded)\s+)*"
_SAID: Final = re.compile(
    rf"\b(?:halves|half(?:\s+an?\s+\w+)?)\s+{_GOES}{_WAY}\b"
    r"|\b(?:to|from)\s+half\b|\bround(?:s|ed|ing)?\s+(?:the\s+)?(?:half|halves)\b"
    r"|\bties?\s+(?:go|goes|are|is|to|round|away)\b|\bbanker'?s?\b",
    re.IGNORECASE,
)
_HALF: Final = "5 behind an even digit"
_DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def halves(tree: ast.Module) -> Iterator[Condition]:
    """Yield what is rounded by a module that says in words how halves go."""
    words = (ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, _DOCUMENTED))
    if not any(_SAID.search(text) for text in words):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="quantize" | "to_integral_value" | "to_integral")):
                yield Condition(node=value, kind="half", needs=(1,), members=(_HALF,), text=ast.unparse(node))
            case ast.Call(func=ast.Name(id="round"), args=[value, *_]):
                yield Condition(node=value, kind="half", needs=(1,), members=(_HALF,), text=ast.unparse(node))
            case _:
                pass


def is_telling(value: Any) -> bool:
    """Return whether a number ends in a five behind an even digit, where the ways of rounding differ."""
    try:
        number = Decimal(str(value)).normalize()
    except (InvalidOperation, ValueError):
        return False
    digits = number.as_tuple().digits
    return number.is_finite() and digits[-1] == 5 and (len(digits) == 1 or digits[-2] % 2 == 0)
