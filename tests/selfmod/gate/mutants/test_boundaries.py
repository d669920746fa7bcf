"""Boundary mutants are left out where both sides of the boundary give the same value, and only there."""

from __future__ import annotations

import ast

import pytest

from selfmod.gate.mutants.choice import mutants

_CLAMP = """
def clamp(x: int, low: int, high: int) -> int:
    if x < low:
        return low
    if x > high:
        return high
    return x
"""
_PERCENT = """
def percent(x: int) -> int:
    if x < 0:
        return 0
    if x > 100:
        return 100
    return x
"""
_WITHIN = """
def within(x: int) -> int:
    if x < 9:
        return 9
    if x > 5:
        return 5
    return x
"""
_SPECIAL = """
def special(x: int, low: int) -> int:
    if x < low:
        return low
    if x == 7:
        return 0
    return x
"""
_TAKEN = """
def taken(values: Iterator[int], low: int) -> int:
    if next(values) < low:
        return low
    return next(values)
"""
_BEST = """
def best(values: list[int]) -> int:
    found = values[0]
    for value in values:
        if value > found:
            found = value
    return found
"""
_CHOICE = "def low(a: int, b: int) -> int:\n    return a if a < b else b\n"
_RAISES = """
def checked(x: int, limit: int) -> int:
    if x < limit:
        return x
    raise ValueError(x)
"""
_FIRST = """
def longest(words: list[str]) -> str:
    found = ""
    for word in words:
        if len(word) > len(found):
            found = word
    return found
"""
_OTHER = "def grade(x: int) -> str:\n    if x < 50:\n        return 'fail'\n    return 'pass'\n"


def _compared(source: str) -> list[str]:
    found = [item.variant for item in mutants(ast.parse(source)) if item.operator == "compare"]
    return sorted(ast.unparse(variant) for variant in found if isinstance(variant, ast.expr))


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (_PERCENT, ["x <= 100", "x >= 0"]),
        (_BEST, ["value <= found"]),
        (_CHOICE, ["a >= b"]),
    ],
    ids=["percent", "best", "choice"],
)
def test_a_boundary_where_both_sides_are_equal_is_not_moved(source: str, left: list[str]) -> None:
    assert _compared(source) == left


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        (_RAISES, ["x <= limit", "x >= limit"]),
        (_FIRST, ["len(word) <= len(found)", "len(word) >= len(found)"]),
        (_OTHER, ["x <= 50", "x >= 50"]),
        (_CLAMP, ["x <= high", "x <= low", "x >= low"]),  # with the bounds the wrong way round it is seen
        (_WITHIN, ["x <= 5", "x <= 9", "x >= 9"]),
        (_SPECIAL, ["x != 7", "x <= low", "x >= low"]),
        (_TAKEN, ["next(values) <= low", "next(values) >= low"]),
    ],
    ids=["raises", "first-of-equals", "other-value", "crossed", "bound-between", "case-between", "takes-the-next"],
)
def test_a_boundary_that_decides_is_moved(source: str, kept: list[str]) -> None:
    assert _compared(source) == kept
