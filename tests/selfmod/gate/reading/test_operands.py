"""Operands that ask nothing: values that stand in for others, reasons to refuse, tables, values of any kind."""

from __future__ import annotations

import pytest

RULES = {"mutation.operand", "mutation.special"}


@pytest.fixture
def said(mutated):
    """What the stage "mutation" says of operands and special cases, to refuse or as advice."""

    def messages(module: str, check: str, *, advisory: bool = False) -> list[str]:
        stage = mutated(module, check).stages["mutation"]
        assert "mutation.ended" not in {one.rule for one in stage.findings}
        return [one.message for one in stage.findings if one.rule in RULES and one.advisory is advisory]

    return messages


# ---- the truth of a value is its own -------------------------------------------------------------------------------

TRUTHS = {
    "a Decimal": ("from decimal import Decimal\nZERO, ONE = Decimal(0), Decimal(1)\n", "ZERO", "ONE"),
    "a Fraction": ("from fractions import Fraction\nZERO, ONE = Fraction(0), Fraction(1, 3)\n", "ZERO", "ONE"),
    "a span of time": ("from datetime import timedelta\nZERO, ONE = timedelta(0), timedelta(1)\n", "ZERO", "ONE"),
    "a deque": ("from collections import deque\nZERO, ONE = deque(), deque([1])\n", "ZERO", "ONE"),
    "a counter": ("from collections import Counter\nZERO, ONE = Counter(), Counter('a')\n", "ZERO", "ONE"),
    "its own class": (
        "class Box(str):\n    def __bool__(self) -> bool:\n        return self == 'full'\n",
        "Box('empty')",
        "Box('full')",
    ),
}


@pytest.mark.parametrize(("head", "none", "some"), TRUTHS.values(), ids=TRUTHS)
def test_a_value_of_any_kind_is_as_true_as_it_says(said, head, none, some):
    module = (
        f"{head}\n\ndef f(x: int, y: int) -> int:\n    pair = [{none}, {some}]\n    return 1 if y and pair[x] else 0\n"
    )
    assert said(module, "assert [f(0, 1), f(1, 1), f(1, 0)] == [0, 1, 0]") == []
    found = said(module, "assert [f(1, 1), f(1, 0)] == [1, 0]")
    assert found == ["in every test pair[x] comes out true", "no test takes the entry at place 0 of pair[x]"]


def test_a_value_that_cannot_be_asked_for_its_truth_stays_as_it_is(said):
    module = (
        "class Odd:\n    def __bool__(self) -> bool:\n        raise ValueError('odd')\n\n\n"
        "def f(x: int) -> object:\n    return x > 1 and [Odd()][0]\n"
    )
    check = "assert f(1) is False\n    assert f(2) is not None"
    assert said(module, check) == ["no test gets as far as [Odd()][0]"]


# ---- what stands in for another value asks nothing -----------------------------------------------------------------

FINE = {
    "the last": ("def f(x: str) -> str:\n    return x.strip() or x[:1] or 'none'\n", "assert f(' a ') == 'a'"),
    "the last of two": (
        "def f(x: dict[str, str]) -> str:\n    return x['a'] or x['b']\n",
        "assert [f({'a': '1', 'b': ''}), f({'a': '', 'b': '2'})] == ['1', '2']",
    ),
    "nothing of a kind": ("def f(x: list[int]) -> list[int]:\n    return list(x or ())\n", "assert f([1]) == [1]"),
    "an earlier one": ("def f(x: list[str]) -> str:\n    return x[0] or x[-1]\n", "assert f(['a']) == 'a'"),
    "and, then or": (
        "def f(x: list[str]) -> str:\n    return x and x[0] or 'none'\n",
        "assert [f(['a']), f([])] == ['a', 'none']",
    ),
    "a type hint": ("def f(x: int | None) -> int:\n    y: int | str = 1\n    return 1\n", "assert f(1) == 1"),
    "bits": ("def f(x: int) -> int:\n    return (x | 4) & (x + 1)\n", "assert f(3) == 4"),
}


@pytest.mark.parametrize(("module", "check"), FINE.values(), ids=FINE)
def test_a_value_that_stands_in_for_another_asks_nothing(said, module, check):
    assert said(module, check) == []


def test_a_value_that_is_asked_on_the_way_is_worth_a_word_and_the_last_one_is_not(said):
    module = "def f(x: list[str]) -> str:\n    return x[0] or x[1] or x[-1]\n"
    assert said(module, "assert f(['', 'a']) == 'a'", advisory=True) == [
        "in every test x[0] comes out false",
        "in every test x[1] comes out true",
        "no test gets as far as x[-1]",
    ]
    check = "assert [f(['a', 'c', 'b']), f(['', 'a', 'b']), f(['', '', 'b'])] == ['a', 'a', 'b']"
    assert said(module, check, advisory=True) == []


ASKS = {
    "a truth value at the end": "return x > 3 or known(x)",
    "a truth value before it": "return known(x) or x > 3",
    "in a condition": "return 1 if x > 3 or again(x) else 0",
    "in brackets in a condition": "return 1 if x < 0 or (x > 3 or again(x)) else 0",
    "in a negation": "return not (x > 3 or again(x))",
    "asked for its truth": "return bool(x > 3 or again(x))",
    "bits of truth values": "return (x > 3) | known(x)",
    "any of a few": "return any([x > 3, known(x)])",
    "any of a few in brackets": "return any((x > 3, known(x)))",
}


@pytest.mark.parametrize("body", ASKS.values(), ids=ASKS)
def test_a_question_that_always_has_one_answer_is_refused(said, body):
    module = (
        "def known(x: int) -> bool:\n    return [False, True][max(0, x // 7731)]\n\n\n"
        "def again(x: int) -> str:\n    return 'x' * [0, 1][known(x)]\n\n\n"
        f"def f(x: int):\n    {body}\n"
    )
    found = said(module, "assert [bool(f(-1)), bool(f(3)), bool(f(4))] != []")
    assert [line for line in found if "known(x) comes out false" in line or "again(x) comes out false" in line]


def test_a_function_that_gives_a_truth_value_is_asked_whatever_it_computes_with(said):
    module = "def f(x: int) -> bool:\n    return x > 3 or 'y' * (x // 7731)\n"
    found = said(module, "assert [bool(f(3)), bool(f(4))] == [False, True]")
    assert "in every test 'y' * (x // 7731) comes out false" in found


def test_work_that_no_test_gets_to_is_refused_and_a_plain_value_is_not(said):
    module = "def other(x: str) -> str:\n    return x\n\n\ndef f(x: str, y: list[str]) -> str:\n    return x or {}\n"
    check = "assert f('a', ['b']) == 'a'"
    lines = "from plugin import other\n    assert other('a') == 'a'\n    " + check
    assert said(module.format("other(x)"), lines) == ["no test gets as far as other(x)"]
    assert said(module.format("y[0]"), check) == []


# ---- what only refuses more ----------------------------------------------------------------------------------------

REFUSES = {
    "or": "if not x or x > 9:\n        raise ValueError(x)",
    "not and": "if not (x and x <= 9):\n        raise ValueError(x)",
    "not": "if not x or not x <= 9:\n        raise ValueError(x)",
}


@pytest.mark.parametrize("body", REFUSES.values(), ids=REFUSES)
def test_one_more_reason_to_refuse_is_worth_a_word(said, body):
    module = f"def f(x: int) -> int:\n    {body}\n    return x\n"
    check = "assert f(1) == 1\n    with pytest.raises(ValueError):\n        f(0)"
    assert said(module, check) == []
    assert len(said(module, check, advisory=True)) >= 1


LETS_IN = {
    "a way around": "if x > 3 and x * x != 59768361:\n        raise ValueError(x)",
    "caught at once": (
        "try:\n        if x < 0 or x > 5976:\n            raise KeyError(x)\n    except KeyError:\n        return 1"
    ),
    "something else as well": "if x < 0 or x > 59768361:\n        x = 1\n        raise ValueError(x)",
}


@pytest.mark.parametrize("body", LETS_IN.values(), ids=LETS_IN)
def test_one_more_way_in_is_refused(said, body):
    module = f"def f(x: int) -> int:\n    {body}\n    return x\n"
    check = "assert f(1) == 1\n    try:\n        f(-1), f(4)\n    except ValueError:\n        pass"
    assert len(said(module, check)) == 1


def test_whether_a_value_is_of_another_kind_is_worth_a_word(said):
    module = "def f(x: object, y: object) -> int:\n    return 1 if isinstance(x, int) and isinstance(y, int) else 2\n"
    check = "assert [f(1, 1), f('a', 1)] == [1, 2]"
    assert said(module, check) == []
    assert said(module, check, advisory=True) == ["in every test isinstance(y, int) comes out true"]


# ---- tables --------------------------------------------------------------------------------------------------------

TABLE = 'GREETINGS = {"en": "Welcome", "de": "Willkommen", "fr": "Bienvenue"}\n\n\ndef f(x: str) -> str:\n    return '
LARGE = TABLE.replace('"fr"', '"it": "Ciao", "es": "Hola", "nl": "Hallo", "fi": "Hei", "fr"')


@pytest.mark.parametrize("found", ["GREETINGS.get(x, 'Hi')", "GREETINGS[x]", "GREETINGS.get(x, GREETINGS['en'])"])
def test_an_entry_of_a_table_that_no_test_meets_is_a_special_case_of_a_large_one_it_is_worth_a_word(said, found):
    met = "assert [f('en'), f('de')] == ['Welcome', 'Willkommen']"
    assert said(TABLE + found + "\n", met) == ["no test meets the special case 'fr', one of few that x may be"]
    assert said(LARGE + found + "\n", met) == []
    assert said(LARGE + found + "\n", met, advisory=True) == [
        "never met by any test of what x may be: 'it', 'es', 'nl', 'fi', 'fr'"
    ]


def test_an_entry_that_is_looked_for_is_a_special_case(said):
    module = TABLE.replace("-> str", "-> bool") + "x in GREETINGS\n"
    assert len(said(module, "assert [f('en'), f('de'), f('x')] == [True, True, False]")) == 1


@pytest.mark.parametrize("entries", ["'magic': True", "'en': True, 'magic': True"])
def test_an_entry_of_a_table_that_only_asks_is_a_special_case(said, entries):
    module = f"def f(x: str) -> bool:\n    return {{{entries}}}.get(x, x == 'en')\n"
    assert len(said(module, "assert [f('en'), f('x')] == [True, False]")) >= 1


def test_what_a_position_gives_is_no_special_case(said):
    module = "def f(x: int) -> str:\n    return ('low', 'high')[x]\n"
    check = "assert [f(0), f(1)] == ['low', 'high']"
    assert said(module, check) == said(module, check, advisory=True) == []
