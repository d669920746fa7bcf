"""Hollow results: tests that look only at type, length or truth of what a function returns do not pass."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from selfmod.gate.mutants.choice import choose, described
from selfmod.gate.mutants.operators import RESULT, statement_variants
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests

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


MANIFEST = """schema: 1
id: sums
name: Sums
version: 0.1.0
description: Sums of ranges.
license: MIT
entry: plugin.py
tools: [{name: sums, handler: run}]
"""
INNER = '''"""Sums of ranges, from sums up to a place."""


def before(values: list[int], place: int) -> int:
    """Return the sum of the values before a place."""
    return sum(values[:place])


def run(values: list[int], first: int, last: int) -> int:
    """Return the sum of the values from first to last, last left out."""
    return before(values, last) - before(values, first)
'''


def test_only_what_is_called_from_outside_has_to_be_looked_at(judged: Callable[..., Any]) -> None:
    """One more in both of two sums makes no difference: a test of what the handler returns cannot notice it."""
    assertion = "run([1, 2, 3], 1, 3) == 5 and run([4, 5], 0, 1) == 4"
    suite = f"from plugin import run\n\n\ndef test_it():\n    assert {assertion}\n"
    found = judged(INNER, suite, ManifestStage(), Tests(), Mutation(), files={"plugin.yaml": MANIFEST})
    unlooked = [item for item in found.stages["mutation"].findings if item.rule == "mutation.unlooked"]
    assert [item.advisory for item in unlooked] == [True]
    assert found.stages["mutation"].verdict == "pass"


MEMBERS = """\
_SMALL = frozenset({"a", "an",
    "and", "at"})


def kind(word: str) -> int:
    if word in ("one", "two", "three"):
        return 1
    return 2 if word in _SMALL else [10, 20, 30][len(word) % 3]
"""


def chosen(source: str, *, seed: str = "00" * 8, per_line: int = 50, least: int = 0) -> list[dict[str, Any]]:
    lines = list(range(1, 10))
    how = {
        "lines": {"call": lines, "import": lines},
        "first": [],
        "seed": seed,
        "per_line": per_line,
        "least": least,
        "most": 500,
    }
    return [described(source, one) for one in choose(ast.parse(source), how)]


@pytest.mark.parametrize("number", range(5))
def test_one_element_stands_for_a_set_of_constants_and_the_secret_chooses_it(number: int) -> None:
    found = chosen(MEMBERS, seed=f"{number:016x}")
    constants = [one for one in found if one["operator"] == "constant"]
    by_line = Counter(one["at"] for one in constants)
    assert by_line[1] + by_line[2] == 1
    assert by_line[6] == 1
    assert by_line[8] >= 5  # the places of a list are not alike
    assert len({chosen(MEMBERS, seed=f"{seed:016x}")[0]["index"] for seed in range(20)}) > 1


def test_a_change_within_an_f_string_is_shown_in_it() -> None:
    found = chosen("def f(n):\n    return f'<{n:03}>' + 'é'\n")
    after = {one["after"][0].strip() for one in found if one["operator"] == "constant"}
    assert {"return f'{n:03}>' + 'é'", "return f'<{n:03}' + 'é'", "return f'<{n:03}>' + ''"} <= after


@pytest.mark.parametrize(("how", "count"), [(">=", 2), ("<", 2), (">", 3), ("<=", 3)])
def test_a_bound_is_moved_by_one_in_one_way_only(how: str, count: int) -> None:
    """`n > 50` is `n >= 51` for whole numbers: a test that misses one of the mutants misses the other."""
    assert per_line(f"def f(n):\n    return n {how} 50\n", 9) == {2: count}


LONG = """\
def f(a, b):
    c = a + b
    c = a * b - a // b + a % b - a * b + a // b * 2 + a % (b + 1) - a * (b - 1)
    return c
"""


def per_line(source: str, least: int) -> Counter[int]:
    """How many mutants each line has, at two a line."""
    return Counter(one["at"] for one in chosen(source, per_line=2, least=least))


def test_a_line_that_does_the_work_of_several_has_the_mutants_of_several() -> None:
    assert per_line(LONG, 0) == {2: 1, 3: 6, 4: 1}


def test_a_table_of_constants_is_no_long_line() -> None:
    table = f"TABLE = {dict.fromkeys(range(50), 7)}\n"
    assert per_line(table, 0) == {1: 2}


def test_a_small_module_has_more_mutants_a_line() -> None:
    """What two a line leave out is added until there are enough; of what a line of its own gives, nothing is lost."""
    source = "def f(a, b):\n    c = a * 3 + 4 - b % 5\n    return c\n"
    assert per_line(source, 0) == {2: 2, 3: 1}
    assert sum(per_line(source, 5).values()) == 5
    assert per_line(source, 50)[2] == 7
