"""Hollow results: tests that look only at type, length or truth of what a function returns do not pass."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

from selfmod.gate.mutation import Mutation
from selfmod.gate.mutations import RESULT, statement_variants
from selfmod.gate.tests import Tests

MODULE = '''\
"""Runs of letters."""


def encode(text: str) -> str:
    """Return each letter twice."""
    return "".join(sign + sign for sign in text)


def letters(text: str) -> list[str]:
    """Return the letters."""
    found = list(text)
    return found
'''


def rules(judged: Callable[..., Any], *assertions: str) -> set[str]:
    lines = "".join(f"\n\ndef test_{number}():\n    assert {text}\n" for number, text in enumerate(assertions))
    found = judged(MODULE, f"from plugin import encode, letters\n{lines}", Tests(), Mutation())
    assert found.stages["tests"].verdict == "pass"
    rules_: set[str] = found.rules("mutation")
    return rules_


@pytest.mark.parametrize(
    "vague", ['len(encode("ab")) == 4', 'isinstance(encode("ab"), str)', 'encode("ab")', 'encode("ab") != "x"']
)
def test_what_no_test_looks_at_is_named(judged: Callable[..., Any], vague: str) -> None:
    assert "mutation.unlooked" in rules(judged, vague, 'letters("ab") == ["a", "b"]')


def test_one_look_at_each_result_is_enough(judged: Callable[..., Any]) -> None:
    assert rules(judged, 'encode("ab") == "aabb"', 'letters("ab")[1] == "b"', 'len(letters("ab")) == 2') == set()


@pytest.mark.parametrize(
    ("value", "hollow"),
    [
        ("ab", "??"),
        ([1, 2], [None, None]),
        ((1, 2), (None, None)),
        ({"a": 1}, {"a": None}),
        (True, False),
        (3, 4),
        (1.5, 2.5),
        (None, 0),
        (object, None),
    ],
)
def test_a_hollow_result_has_the_same_kind_and_length(value: object, hollow: object) -> None:
    (statement,) = ast.parse("return value").body
    ((operator, (variant,)),) = statement_variants(statement)
    assert operator == RESULT
    assert isinstance(variant, ast.Return)
    assert variant.value is not None
    code = compile(ast.fix_missing_locations(ast.Expression(body=variant.value)), "variant", "eval")
    assert eval(code, {"value": value}) == hollow
