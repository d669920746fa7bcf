"""Other values of the same kind and length, one part changed at a time."""

from __future__ import annotations

import json

import pytest

from selfmod.gate.harness.others import changed, other_addresses, others

FIELDS = frozenset({"a", "b"})
VALUES = {
    "texts": ("Ann, 7", ["Boo, 7", "Ann, 8"]),
    "one letter": ("z", ["a"]),
    "letters of other alphabets": ("ñä", ["ää", "ñö"]),
    "signs": ("--", ["?-", "-?"]),
    "lines": ("one 1\n\n- x\n", ["pof 1\n\n- x\n", "one 2\n\n- x\n", "one 1\n\n??x\n", "one 1\n\n- y\n"]),
    "bytes": (b"\x01\xff", [b"?\xff", b"\x01\xfe"]),
    "numbers": (1.5, [2.5]),
    "truth": (True, [False]),
    "nothing": (None, []),
    "an empty text": ("", ["?"]),
    "an empty list": ([], [[0]]),
    "lists": ([1, 2, 3], [[2, 2, 3], [1, 3, 4]]),
    "fields": ({"a": 1, "b": None}, [{"a": 2, "b": None}]),
    "keys that are data": ({"k": 1}, [{"l": 1}, {"k": 2}]),
    "rows": ([{"a": 1, "b": 2}, {"a": 3}], [[{"a": 2, "b": 2}, {"a": 4}], [{"a": 1, "b": 3}, {"a": 3}]]),
    "JSON": ('{"a": 1}\n', ['{"a": 2}\n']),
    "JSON as bytes, written closely": (b'{"a":[1,2]}', [b'{"a":[2,2]}', b'{"a":[1,3]}']),
    "JSON that is written in no usual way": ('{ "a":1}', ['{ "b":1}', '{ "a":2}']),
}


@pytest.mark.parametrize(("value", "expected"), VALUES.values(), ids=VALUES)
def test_each_part_is_changed_alone(value, expected):
    assert [other for _, other in others(value, FIELDS)] == expected


KNOWN = {
    "rows that were there": ([1, 2, 2], [2, 1], [[1, 2, 3]]),
    "fields that were there": ({"a": 1, "b": 2}, {"a": 1}, [{"a": 1, "b": 3}]),
    "all of it": ([{"a": 1}], [{"a": 1}], []),
    "another kind": ([1], "x", [[2]]),
}


@pytest.mark.parametrize(("value", "known", "expected"), KNOWN.values(), ids=KNOWN)
def test_what_was_there_before_stays(value, known, expected):
    assert [other for _, other in others(value, FIELDS, known)] == expected


def test_parts_have_names_that_do_not_depend_on_the_values():
    def parts(*texts):
        return [part for part, _ in others([{"a": text} for text in texts], FIELDS)]

    assert parts("Ann 7") == parts("Bob 8", "Cleopatra 99")
    assert parts("Ann 7") != parts("Ann")


def test_a_text_of_many_forms_is_changed_by_halves():
    text = "\n".join(f"{'-' * number} x" for number in range(30))
    assert len(list(others(text, FIELDS))) == 2


def test_what_is_deep_is_changed_as_a_whole():
    deep = {"a": {"a": {"a": {"a": {"a": 1, "b": 2}}}}}
    assert [json.dumps(other).count("2") for _, other in others(deep, FIELDS)] == [1]
    assert changed({"a": (1, {"x"})}) == {"b": (2, {"y"})}


def test_addresses_keep_their_host_and_what_is_quoted():
    assert [other for _, other in other_addresses("https://a.example/x%2Fy")] == [
        "https://a.example/y%2Fy",
        "https://a.example/x%2Fz",
    ]
    assert list(other_addresses("https://a.example/")) == []
