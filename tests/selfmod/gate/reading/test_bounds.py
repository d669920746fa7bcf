"""Rows that end at a constant: the tests must have brought more of them, or as many."""

from __future__ import annotations

import re

import pytest

FEW = "[f([]), f([5]), f([1, 2, 3])] == [0, 5, 6]"
SUMS = {
    "the first ones": ("", "sum(itertools.islice(rows, 60))", 60),
    "the first ones of a generator": ("", "sum(itertools.islice((row for row in rows), 60))", 60),
    "the first ones after some": ("", "sum(rows[:1]) + sum(itertools.islice(rows, 1, 60))", 60),
    "the last ones": ("", "sum(collections.deque(rows, 60))", 60),
    "the last ones, by name": ("", "sum(collections.deque(rows, maxlen=60))", 60),
    "the last ones, filled later": (
        "    kept = collections.deque(maxlen=60)\n    kept.extend(rows)\n",
        "sum(kept)",
        60,
    ),
    "the largest ones": ("", "sum(heapq.nlargest(60, rows))", 60),
    "the smallest ones": ("", "sum(heapq.nsmallest(60, rows))", 60),
    "the most frequent ones": ("", "sum(row * n for row, n in collections.Counter(rows).most_common(60))", 60),
    "a part from the end": ("", "sum(rows[-60:])", 60),
    "parts side by side": ("", "sum(rows[:1]) + sum(rows[1:60])", 60),
    "a number that is worked out": ("", "sum(rows[: 2 * 30])", 60),
    "a number with a name": ("    most = 6 * 10\n", "sum(rows[:most])", 60),
    "a part that is made": ("", "sum(rows[slice(60)])", 60),
    "a range beside them": ("", "sum(row for row, _ in zip(rows, range(60)))", 60),
    "a text beside them": ("", 'sum(row for row, _ in zip("x" * 60, rows) for row in [_])', 60),
    "a text of the library beside them": ("", "sum(row for row, _ in zip(rows, string.ascii_letters))", 52),
    "months beside a generator": ("", "sum(row for row, _ in zip(iter(rows), calendar.month_name, strict=False))", 13),
    "a repeated one beside them": ("", "sum(map(operator.mul, rows, itertools.repeat(1, 60)))", 60),
    "signs of which to take": ("", "sum(itertools.compress(rows, [1] * 60))", 60),
    "the first ones, by another name": ("    first = itertools.islice\n", "sum(first(rows, 60))", 60),
    "places in a loop": (
        "    whole = 0\n    for place in range(60):\n        whole += sum(rows[place : place + 1])\n",
        "whole",
        60,
    ),
    "what is taken away": ("    rows = [*rows]\n    del rows[60:]\n", "sum(rows)", 60),
    "what is taken away but for the last": ("    rows = [*rows]\n    rows[:-60] = []\n", "sum(rows)", 60),
    "as many as a text has signs": ("    signs = 'x' * 60\n", "sum(rows[: len(signs)])", 60),
    "parts in a loop": ("", "sum(sum(rows[part * 10 : part * 10 + 10]) for part in range(6))", 60),
}
LAST = re.compile("deque|nlargest|-60")
MODULE = """\
import calendar
import collections
import heapq
import itertools
import operator
import string


def f(rows: list[int]) -> int:
{before}    return {value}
"""


@pytest.mark.parametrize(("before", "value", "most"), SUMS.values(), ids=SUMS)
def test_more_rows_than_a_bound_must_have_come(chosen, before, value, most):
    module = MODULE.format(before=before, value=value)
    beyond = sum(range(11, most + 11) if LAST.search(value + before) else range(1, most + 1))
    assert chosen(module, FEW)
    assert not chosen(module, FEW, f"f([*range(1, {most + 11})]) == {beyond}")


TEXTS = {
    "a precision": ('f"{x:.8}"', "'abcdefghij'", "'abcdefgh'"),
    "a field of bytes": (
        'struct.pack("<H8s", 7, x.encode())[2:].rstrip(b"\\0").decode()',
        "'abcdefghij'",
        "'abcdefgh'",
    ),
    "a short text": ("textwrap.shorten(x, 12)", "'abc def ghi jkl'", "'abc [...]'"),
    "parts of a split text": ('";".join(x.split(",", 3))', "'a,b,c,d,e'", "'a;b;c;d,e'"),
    "parts of a text split by name": ('";".join(x.rsplit(",", maxsplit=3))', "'a,b,c,d,e'", "'a,b;c;d;e'"),
}


@pytest.mark.parametrize(("value", "given", "expected"), TEXTS.values(), ids=TEXTS)
def test_more_of_a_text_than_is_kept_must_have_come(chosen, value, given, expected):
    module = f"import struct\nimport textwrap\n\n\ndef f(x: str) -> str:\n    return {value}\n"
    assert chosen(module, "[f(''), f('ab')] == ['', 'ab']")
    assert not chosen(module, "[f(''), f('ab')] == ['', 'ab']", f"f({given}) == {expected}")


HONEST = {
    "a strict zip": (
        "def f(a: str) -> int:\n    return sum(int(x) * y for x, y in zip(a, (3, 2, 1), strict=True))\n",
        "[f('123'), f('200')] == [10, 6]",
    ),
    "weights for each digit": (
        "def f(a: str) -> int:\n    return sum(int(x) * y for x, y in zip(a, (3, 2, 1)))\n",
        "[f('123'), f('200')] == [10, 6]",
    ),
    "two rows that nobody bounds": (
        "def f(a: list[int], b: list[int]) -> list[int]:\n    return [x * y for x, y in zip(a, b)]\n",
        "f([1, 2, 3], [4, 5]) == [4, 10]",
    ),
    "columns of a fixed width": (
        "def f(a: str) -> list[str]:\n    return [a[:4], a[4:6], a[6:8]]\n",
        "[f('20240131'), f('19991224')] == [['2024', '01', '31'], ['1999', '12', '24']]",
    ),
    "numbers without an end": (
        "import itertools\n\n\ndef f(a: int) -> list[int]:\n    return [*itertools.islice(itertools.count(a), 5)]\n",
        "f(3) == [3, 4, 5, 6, 7]",
    ),
    "cells of a board": (
        "def f(a: str) -> list[str]:\n    return [a[place * 2 : place * 2 + 2] for place in range(3)]\n",
        "f('ababab') == ['ab', 'ab', 'ab']",
    ),
    "a row that stands in the source": (
        "_DAYS = ('mo', 'tu', 'we', 'th', 'fr', 'sa', 'su')\n\n\ndef f() -> list[str]:\n    return [*_DAYS[:5]]\n",
        "f() == ['mo', 'tu', 'we', 'th', 'fr']",
    ),
    "a window that moves": (
        (
            "from collections import deque\n\n\ndef f(rows: list[int]) -> list[int]:\n    last = deque(maxlen=3)\n"
            "    sums = []\n    for row in rows:\n        last.append(row)\n        sums.append(sum(last))\n"
            "    return sums\n"
        ),
        "f([1, 2, 3, 4]) == [1, 3, 6, 9]",
    ),
    "digits after the point": (
        'def f(a: float) -> str:\n    return f"{a:.3}"\n',
        "[f(1.5), f(2.25)] == ['1.5', '2.25']",
    ),
}


@pytest.mark.parametrize(("module", "check"), HONEST.values(), ids=HONEST)
def test_bounds_that_the_tests_come_to_are_fine(chosen, module, check):
    assert not chosen(module, check)


def test_what_to_do_is_said_with_the_bound(mutated):
    module = "from itertools import islice\n\n\ndef f(rows: list[int]) -> int:\n    return sum(islice(rows, 60))\n"
    findings = mutated(module, "assert f([1, 2]) == 3").stages["mutation"].findings
    (found,) = [one for one in findings if one.rule == "mutation.special"]
    assert (found.message, found.hint) == (
        "in no test islice(rows, 60) cuts anything off",
        "add a test with more than 60, or take the bound away",
    )
