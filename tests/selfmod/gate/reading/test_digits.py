"""Numbers that only a computer gives, and numbers that somebody can have written."""

from __future__ import annotations

import ast
import math

import pytest

from selfmod.gate.reading.bindings import Bindings, File
from selfmod.gate.reading.digits import are_neutral, is_recorded

RECORDED = [
    545.2365114805164,
    7105.935822463119,
    1234.5678901234567,
    math.cos(1),
    5000 * 1.0375**11,
    1.7e-9 * math.cos(2),
]
WRITTEN = {
    "a few digits": [877.5, 0.25, 1e300, 123456789.01],
    "what arithmetic leaves behind": [0.1 + 0.2, 1.1 * 1.1, 0.1 * 3, 5000 * 1.05**3, 123456789.12 + 0.1],
    "shares": [1 / 3, 100 / 7, 98.6 * 5 / 9, 1e10 / 3, 2.0**-20],
    "roots": [2**0.5, math.sqrt(3) / 2, 10**0.5, 2 ** (1 / 3), (1 + 5**0.5) / 2, (3 - 17**0.5) / 4],
    "circles": [math.pi, 2 * math.pi * 3.5, math.radians(30), math.degrees(1)],
    "exponentials and logarithms": [math.e, math.exp(-1), math.log(10), math.log2(10), math.log10(2)],
    "no number": [math.inf, math.nan],
}


def bound(source: str) -> tuple[Bindings, ast.expr]:
    """What the last assertion of a test compares, and what its names stand for."""
    file = File("tests/test_plugin.py", ast.parse(source), "plugin", {})
    (function,) = file.helpers.values()
    checks = [node for node in ast.walk(function) if isinstance(node, ast.Compare)]
    return Bindings(file, function), checks[-1].comparators[0]


def expected(value: object) -> tuple[Bindings, list[ast.expr]]:
    known, node = bound(f"def test():\n    assert f() == {value!r}\n")
    return known, [node]


@pytest.mark.parametrize("number", RECORDED)
def test_digits_that_nobody_works_out(number: float) -> None:
    assert is_recorded(*expected(number))
    assert is_recorded(*expected(-number))
    assert is_recorded(*expected(f"{number:.30f}"))
    assert is_recorded(*expected({"a": [number, (0.0, 1)]}))


@pytest.mark.parametrize("number", [one for group in WRITTEN.values() for one in group])
def test_numbers_that_come_out_of_a_short_formula(number: float) -> None:
    assert not is_recorded(*expected(number))
    assert not is_recorded(*expected(str(number)))


def test_one_value_that_somebody_may_have_written_is_enough() -> None:
    assert not is_recorded(*expected([RECORDED[0], 12.5]))
    assert not is_recorded(*expected([RECORDED[0], 12]))
    assert not is_recorded(*expected([RECORDED[0], "Berlin"]))


def test_values_that_say_nothing() -> None:
    assert are_neutral(*expected([0, 1.0, {"a": 0.0}]))
    assert not are_neutral(*expected([0, 7]))
    assert not are_neutral(*expected([]))
    assert not is_recorded(*expected([0, 1.0]))


LOOPED = """
CASES = [("a", 12, 545.2365114805164), ("b", 13, 3461.2141838246157)]

def test():
    for text, number, wanted in CASES:
        assert f(text, number) == {}
"""


def test_a_loop_gives_each_name_its_column() -> None:
    known, wanted = bound(LOOPED.format("wanted"))
    assert is_recorded(known, [wanted])
    known, number = bound(LOOPED.format("number"))
    assert not is_recorded(known, [number])


def test_rows_of_other_lengths_are_not_taken_apart() -> None:
    known, wanted = bound(LOOPED.format("wanted").replace('("b", 13, ', "("))
    assert not is_recorded(known, [wanted])
