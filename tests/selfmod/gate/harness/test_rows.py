"""Rows that are looked at while they are gone through: the plugin gets what it would have got."""

from __future__ import annotations

import ast
import itertools
from collections import deque

import pytest

from selfmod.gate.harness.rows import Rows
from selfmod.gate.reading.choices import Bounding, Condition


def condition(kind: Bounding, *members: object) -> Condition:
    return Condition(node=ast.Constant(value=0), kind=kind, needs=(1,), members=members)


@pytest.mark.parametrize(("count", "met"), [(2, set()), (3, {1}), (4, {1})])
def test_what_is_taken_one_by_one_is_handed_on_and_counted(count, met):
    seen: set[int] = set()
    handed = Rows().follow(condition("cut", 3), iter(range(count)), seen)
    assert list(handed) == list(range(count))
    assert seen == met


def test_no_more_is_taken_than_the_plugin_takes():
    source = itertools.count()
    handed = Rows().follow(condition("cut", 3), source, set())
    assert list(itertools.islice(handed, 3)) == [0, 1, 2]
    assert next(source) == 3


@pytest.mark.parametrize(("length", "met"), [(3, {0}), (4, {1})])
def test_a_row_that_has_a_length_is_given_back_as_it_is(length, met):
    seen: set[int] = set()
    row = [0] * length
    assert Rows().follow(condition("cut", 3), row, seen) is row
    assert seen == met


def test_a_ring_is_looked_at_when_nothing_more_comes():
    rows, seen = Rows(), set[int]()
    ring: deque[int] = deque(maxlen=2)
    assert rows.follow(condition("ring", 2), ring, seen) is ring
    ring.extend([1, 2])
    assert not seen
    rows.end()
    assert seen == {1}


def test_rings_that_are_many_are_not_all_kept():
    rows, seen = Rows(), set[int]()
    for _ in range(3000):
        rows.follow(condition("ring", 2), deque([1, 2], 2) if _ == 7 else deque([1], 2), seen)
    assert seen == {1}


def test_members_that_fail_when_they_are_looked_at_are_the_business_of_the_plugin():
    seen: set[int] = set()
    handed = Rows().follow(condition("twice"), iter([[], []]), seen)
    assert list(handed) == [[], []]
    assert not seen


def test_a_function_answers_what_it_answers():
    seen: set[int] = set()
    asked = Rows().follow(condition("dropped", False), str.isdigit, seen)
    assert [asked("1"), 1 in seen, asked("x"), 1 in seen] == [True, False, False, True]


def test_of_what_cannot_be_looked_into_nothing_is_said():
    seen: set[int] = set()
    Rows().follow(condition("cut", 3), 7, seen)
    assert seen == {1}
