"""Whole numbers that are worked out of one with constants alone: a test must have another one come out."""

from __future__ import annotations

import pytest

from selfmod.gate.harness.met import itself

BEGINNING = """\
import functools
import math
import operator
import statistics

_HUNDRED = list(range(100))


def f(x: int) -> int:
"""
CHAINS = {
    "digits": ("int(str(x)[-5:])", "1000002", "2"),
    "digits of another base": ("int(f'{x:08x}'[-4:], 16)", "65538", "2"),
    "a text without a sign": ("int(str(x).lstrip('-'))", "-4", "4"),
    "bytes": ("int.from_bytes(x.to_bytes(8, 'big')[-2:], 'big')", "65538", "2"),
    "a power": ("pow(x, 1, 65536)", "65538", "2"),
    "an operation by name": ("operator.mod(x, 65536)", "65538", "2"),
    "the one in the middle": ("sorted([0, x, 65535])[1]", "65538", "65535"),
    "the median": ("int(statistics.median([0, x, 65535]))", "65538", "65535"),
    "the larger of both": ("max(x, -x)", "-4", "4"),
    "the root of a square": ("math.isqrt(x * x)", "-4", "4"),
    "there and back": ("x - (x >> 16 << 16)", "65538", "2"),
    "nearly one": ("int(x * 1.0000001)", "100000000", "100000010"),
    "a part of a range": ("len(range(100)[:x])", "102", "100"),
}


@pytest.mark.parametrize(("value", "given", "expected"), CHAINS.values(), ids=CHAINS)
def test_a_number_must_have_become_another_one(chosen, value, given, expected):
    module = f"{BEGINNING}    return {value}\n"
    assert chosen(module, "[f(2), f(7), f(12)] == [2, 7, 12]")
    assert not chosen(module, "[f(2), f(7), f(12)] == [2, 7, 12]", f"f({given}) == {expected}")


def test_a_number_that_is_an_entry_at_its_own_place_is_the_same(chosen):
    module = f"{BEGINNING}    return _HUNDRED[x]\n"
    assert chosen(module, "[f(2), f(7)] == [2, 7]")
    assert not chosen(module, "[f(2), f(-1)] == [2, 99]")


HONEST = {
    "a conversion": ("def f(x: float) -> int:\n    return int(round(x))\n", "[f(2), f(7)] == [2, 7]"),
    "a conversion of anything": (
        "def f(x: object) -> int:\n    return int(str(x).strip())\n",
        "[f(2), f(7)] == [2, 7]",
    ),
    "a power of what is 0 or 1": ("def f(x: int) -> int:\n    return pow(x, 3, 1000)\n", "[f(0), f(1)] == [0, 1]"),
    "a remainder that is made positive": (
        "def f(x: int) -> int:\n    return (x % 360 + 360) % 360\n",
        "[f(370), f(-10), f(2)] == [10, 350, 2]",
    ),
    "two numbers": ("def f(x: int, y: int) -> int:\n    return pow(x, y, 1000)\n", "[f(2, 1), f(3, 1)] == [2, 3]"),
    "a function of the module": (
        "def _own(x: int) -> int:\n    return x\n\n\ndef f(x: int) -> int:\n    return int(_own(x))\n",
        "[f(2), f(7)] == [2, 7]",
    ),
    "a type hint": (
        (
            "Pair = tuple[int, int]\n\n\ndef f(x: int) -> int:\n    pair: Pair | None = (x, x) if x else None\n"
            "    return pair[0] + pair[1] if pair else 0\n"
        ),
        "[f(2), f(0)] == [4, 0]",
    ),
    "a fraction": ("def f(x: float) -> float:\n    return round(x * 100) / 100\n", "[f(2.5), f(7.25)] == [2.5, 7.25]"),
}


@pytest.mark.parametrize(("module", "check"), HONEST.values(), ids=HONEST)
def test_other_numbers_may_stay_what_they_are(mutated, module, check):
    findings = mutated(module, f"assert {check}").stages["mutation"].findings
    assert not [one for one in findings if one.message.startswith("in every test") or one.rule == "mutation.ended"]


def test_what_is_the_same_and_what_to_do_is_said(mutated):
    module = "def f(x: int) -> int:\n    return pow(x, 1, 65536)\n"
    findings = mutated(module, "assert [f(2), f(7)] == [2, 7]").stages["mutation"].findings
    (found,) = [one for one in findings if one.rule == "mutation.special"]
    assert (found.message, found.hint) == (
        "in every test pow(x, 1, 65536) is x",
        "add a test in which it is another, or remove it",
    )


@pytest.mark.parametrize(
    ("source", "value", "seen"), [(5, 5, [0]), (5, 6, [1]), (1, 1, []), (1, 2, [1]), (5, 5.0, [1]), ("5", 5, [1])]
)
def test_only_whole_numbers_tell_that_nothing_happened(source, value, seen):
    assert itself(source, value) == seen
