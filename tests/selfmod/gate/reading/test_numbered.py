"""Which examples with whole numbers tell a copied table, and which tables are reckoned with."""

from __future__ import annotations

import ast

import pytest

from selfmod.gate.reading.cases import tables
from selfmod.gate.reading.numbered import is_reckoned, scattered

NUMBERS = (0, 7, 42, 100)


def told(*numbers: int, request: str = "", held: int | None = None) -> set[str]:
    examples = [["f", repr(number), f"'n{number}'", number == held] for number in numbers]
    return {key for key, _ in scattered(examples, request)}


def test_numbers_that_have_nothing_to_do_with_each_other() -> None:
    assert told(*NUMBERS) == {"0", "7", "42", "100"}
    assert told(-3, 0, 5, 6) == {"-3", "0", "5", "6"}


@pytest.mark.parametrize("numbers", [(0, 7, 42), (1, 2, 3, 4, 5, 6, 7), (0, 90, 180, 270), (1, 10, 100, 1000)])
def test_a_few_numbers_and_even_steps_may_be_all_there_is(numbers: tuple[int, ...]) -> None:
    assert told(*numbers) == set()


def test_numbers_that_the_request_lists_are_all_there_is() -> None:
    assert told(*NUMBERS, request="Names for 0, 7, 42 and 100.") == set()
    assert told(*NUMBERS, request="Names from 0 to 100.") != set()


def test_held_back_numbers_are_none_that_can_be_copied() -> None:
    assert told(*NUMBERS, held=42) == set()
    assert told(*NUMBERS, 999, held=42) == {"0", "7", "100", "999"}


def test_each_function_has_its_own_numbers() -> None:
    examples = [["f" if number < 20 else "g", repr(number), f"'n{number}'", False] for number in NUMBERS]
    assert scattered(examples, "") == set()


def test_an_answer_of_two_says_only_what_is_of_a_kind() -> None:
    assert scattered([["f", key, repr(key in "25"), False] for key in ("2", "5", "9", "30")], "") == set()


RECKONED = {
    "limits": "def f(n):\n    for most, word in T:\n        if n <= most:\n            return word\n",
    "weights": "def f(n):\n    for one, word in T:\n        count, n = divmod(n, one)\n    return word\n",
    "subtracted": "def f(n):\n    for one, word in T:\n        while n:\n            n -= one\n    return word\n",
    "multiples": "def f(n):\n    return ''.join(word for one, word in T if n % one == 0)\n",
    "searched": "import bisect\ndef f(n):\n    return T[bisect.bisect_left(T, (n, ''))][1]\n",
}
LOOKED_UP = {
    "asked": "def f(n):\n    return dict(T)[n]\n",
    "walked": "def f(n):\n    for one, word in T:\n        if one == n:\n            return word\n",
    "chosen": "def f(n):\n    return next(word for one, word in T if one == n)\n",
    "beside": "def f(n):\n    for other in (1, 2):\n        n += other\n    return dict(T)[n]\n",
}
TABLE = 'T: list = [(3, "fizz"), (5, "buzz")]\n'


def reckoned(source: str) -> bool:
    tree = ast.parse(TABLE + source)
    return is_reckoned(tree, next(tables(tree))[0])


@pytest.mark.parametrize("source", RECKONED.values(), ids=RECKONED)
def test_tables_that_are_reckoned_with(source: str) -> None:
    assert reckoned(source)


@pytest.mark.parametrize("source", LOOKED_UP.values(), ids=LOOKED_UP)
def test_tables_that_are_looked_up(source: str) -> None:
    assert not reckoned(source)


def test_rows_are_a_table_where_each_is_a_pair() -> None:
    def entries(source: str) -> list[list[tuple[str, str]]]:
        return [found for _, found in tables(ast.parse(source))]

    assert entries("T = [(1, 'a'), [2, 'b']]") == [[("1", "'a'"), ("2", "'b'")]]
    assert entries("T = [(1, 'a', 'b'), (2, 'c', 'd')]") == entries("T = [(1,), (2,)]") == entries("T = []") == []
    assert entries("T = [(1, 'a'), (2, name)]") == entries("T = [(1, 'a'), 2]") == []
