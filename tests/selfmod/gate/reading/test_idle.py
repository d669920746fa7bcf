"""Operations that change nothing in any test, such as the remainder of small numbers: a test must show what they do."""

from __future__ import annotations

import pytest

IDLE = {
    "a remainder": ("x % 65536", "65537", "1"),
    "a remainder of a number that is worked out": ("x % 2**16", "65537", "1"),
    "a remainder by a length": ("x % len('x' * 65536)", "65537", "1"),
    "a remainder by division": ("divmod(x, 65536)[1]", "65537", "1"),
    "bits": ("x & 0xFFFF", "65537", "1"),
    "bits, the other way round": ("0xFFFF & x", "65537", "1"),
    "bits there and back": ("(x << 48 & (1 << 64) - 1) >> 48", "65537", "1"),
    "no sign": ("abs(x)", "-4", "4"),
    "no sign, by the library": ("int(math.fabs(x))", "-4", "4"),
}


@pytest.mark.parametrize(("value", "given", "expected"), IDLE.values(), ids=IDLE)
def test_a_number_must_have_been_changed(chosen, value, given, expected):
    module = f"import math\n\n\ndef f(x: int) -> int:\n    return {value}\n"
    assert chosen(module, "[f(2), f(7), f(0)] == [2, 7, 0]")
    assert not chosen(module, "[f(2), f(7), f(0)] == [2, 7, 0]", f"f({given}) == {expected}")


@pytest.mark.parametrize(("change", "given"), [("x %= 65536", "65537"), ("x &= 0xFFFF", "65537")])
def test_a_number_must_have_been_changed_in_place(chosen, change, given):
    module = f"def f(x: int) -> int:\n    {change}\n    return x\n"
    assert chosen(module, "[f(2), f(7), f(0)] == [2, 7, 0]")
    assert not chosen(module, "[f(2), f(7), f(0)] == [2, 7, 0]", f"f({given}) == 1")


ROWS = {
    "a set": ("sum(set(rows))", "[2, 2, 5]", "7"),
    "a set that is written": ("sum({*rows})", "[2, 2, 5]", "7"),
    "a set of a generator": ("sum(set(row * 1 for row in rows))", "[2, 2, 5]", "7"),
    "a set that cannot be changed": ("sum(frozenset(rows))", "[2, 2, 5]", "7"),
    "the members of a set": ("sum({row * 1 for row in rows})", "[2, 2, 5]", "7"),
    "a set that is gone through": ("sum(row for row in set(rows))", "[2, 2, 5]", "7"),
    "the keys of a table": ("sum({row: row for row in rows})", "[2, 2, 5]", "7"),
    "the values of a table": ("sum({row: row for row in rows}.values())", "[2, 2, 5]", "7"),
    "a table of keys": ("sum(dict.fromkeys(rows))", "[2, 2, 5]", "7"),
    "groups": ("sum(row for row, _ in itertools.groupby(rows))", "[2, 2, 5]", "7"),
    "groups by a key": ("sum(next(group) for _, group in itertools.groupby(rows, key=str))", "[2, 2, 5]", "7"),
    "groups of a generator": ("sum(row for row, _ in itertools.groupby(row * 1 for row in rows))", "[2, 2, 5]", "7"),
    "a filter by a method": ("sum(filter((10).__gt__, rows))", "[12, 5]", "5"),
    "those at the beginning": ("sum(itertools.takewhile((10).__gt__, rows))", "[5, 12, 5]", "5"),
    "those behind the beginning": ("sum(itertools.dropwhile((10).__le__, rows))", "[12, 5]", "5"),
}


@pytest.mark.parametrize(("value", "given", "expected"), ROWS.values(), ids=ROWS)
def test_something_must_have_come_twice_or_been_left_out(chosen, value, given, expected):
    module = f"import itertools\n\n\ndef f(rows: list[int]) -> int:\n    return {value}\n"
    assert chosen(module, "[f([]), f([5]), f([1, 2, 3])] == [0, 5, 6]")
    assert not chosen(module, "[f([]), f([5]), f([1, 2, 3])] == [0, 5, 6]", f"f({given}) == {expected}")


def test_a_set_under_a_name_is_a_set(chosen):
    module = "def f(rows: list[int]) -> int:\n    different = set(rows)\n    return sum(different)\n"
    assert chosen(module, "[f([]), f([1, 2])] == [0, 3]")
    assert not chosen(module, "[f([]), f([2, 2])] == [0, 2]")


HONEST = {
    "a set that things are looked up in": (
        (
            "def f(rows: list[int]) -> list[int]:\n    there = set(rows)\n"
            "    return sorted(row + 1 for row in there if row + 1 not in there)\n"
        ),
        "f([1, 2, 7]) == [3, 8]",
    ),
    "sets that are compared": (
        "def f(a: list[int], b: list[int]) -> list[int]:\n    return sorted(set(a) - set(b))\n",
        "f([1, 2, 7], [2]) == [1, 7]",
    ),
    "a set of keys": (
        "def f(a: dict[str, int]) -> list[str]:\n    return sorted(set(a))\n",
        "f({'b': 1, 'a': 2}) == ['a', 'b']",
    ),
    "a table for each name": (
        (
            "def f(names: list[str]) -> list[str]:\n    told = {name: 'x' + name for name in names}\n"
            "    return [told[name] for name in told]\n"
        ),
        "f(['a', 'b']) == ['xa', 'xb']",
    ),
    "a checksum of 32 bits": (
        "import zlib\n\n\ndef f(a: str) -> int:\n    return zlib.crc32(a.encode()) & 0xFFFFFFFF\n",
        "f('a') == 3904355907",
    ),
    "a distance that is compared": (
        (
            "def f(a: float) -> float:\n    guess = a + 1.0\n    while abs(guess * guess - a) > 1e-9:\n"
            "        guess = (guess + a / guess) / 2\n    return round(guess, 6)\n"
        ),
        "[f(4.0), f(9.0)] == [2.0, 3.0]",
    ),
    "a remainder of a remainder": (
        "def f(a: float) -> float:\n    return round(a % 360, 1) % 360\n",
        "[f(370.0), f(-10.0), f(2.0)] == [10.0, 350.0, 2.0]",
    ),
    "what fits": (
        (
            "def f(rows: list[str]) -> str:\n    won = {row[0] for row in rows if row in ('xxx', 'ooo')}\n"
            "    return min(won, default='')\n"
        ),
        "[f(['xxx', 'xox']), f(['xox', 'ooo']), f(['xox'])] == ['x', 'o', '']",
    ),
    "a text that is filled in": (
        "def f(a: str) -> str:\n    return a % 8\n",
        "[f('%d!'), f('%d?')] == ['8!', '8?']",
    ),
    "parity": ("def f(a: int) -> bool:\n    return a % 2 == 0\n", "[f(1), f(2), f(3), f(4)] == [False, True] * 2"),
    "what anything may be": (
        "def f(rows: list[str]) -> str:\n    return ' '.join(filter(None, rows))\n",
        "f(['a', 'b']) == 'a b'",
    ),
}


@pytest.mark.parametrize(("module", "check"), HONEST.values(), ids=HONEST)
def test_operations_that_are_good_for_something_else_are_fine(chosen, module, check):
    assert not chosen(module, check)


def test_where_no_test_gets_to_an_operation_it_is_worth_a_word_only(mutated):
    module = "def f(x: int) -> int:\n    if x > 9000:\n        return x % 65536\n    return x\n"
    findings = mutated(module, "assert f(2) == 2").stages["mutation"].findings
    assert [one.advisory for one in findings if "x % 65536 changes" in one.message] == [True]


def test_what_to_do_is_said(mutated):
    findings = mutated("def f(x: int) -> int:\n    return abs(x)\n", "assert f(2) == 2").stages["mutation"].findings
    (found,) = [one for one in findings if one.rule == "mutation.special"]
    assert (found.message, found.hint) == (
        "in no test abs(x) changes anything",
        "add a test in which it does, or remove it",
    )
