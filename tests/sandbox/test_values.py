from __future__ import annotations

import json
import math
import time
from collections import Counter, OrderedDict, namedtuple
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import values

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.sets(HASHABLE, max_size=3)
        | st.dictionaries(HASHABLE | st.just("$tuple"), inner, max_size=4)
    ),
    max_leaves=12,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["$tuple", "$set", "$frozenset", "$bytes", "$float", "$dict", "a", ""]), inner, max_size=3
        )
    ),
    max_leaves=15,
)


def shape(value):
    """A value with every type spelt out, so that 1, 1.0 and True are three things."""
    match value:
        case list() | tuple():
            return type(value).__name__, [shape(item) for item in value]
        case set() | frozenset():
            return type(value).__name__, sorted(map(repr, map(shape, value)))
        case dict():
            return "dict", [(shape(key), shape(item)) for key, item in value.items()]
        case _:
            return type(value).__name__, repr(value)


@given(VALUES)
def test_every_value_comes_back_the_same(value):
    sent = json.loads(json.dumps(values.encode(value)))
    assert shape(values.decode(sent)) == shape(value)


@given(JSON)
def test_decoding_any_json_gives_a_value_or_a_value_error(data):
    try:
        value = values.decode(data)
    except ValueError:
        return
    values.encode(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_tagged(value):
    assert repr(values.decode(values.encode(value))) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Counter("aab"),
        OrderedDict(a=1),
        namedtuple("Pair", "x y")(1, 2),  # noqa: PYI024
        IntEnum("Colour", "RED").RED,
        bytearray(b"x"),
        1j,
        range(3),
    ],
)
def test_other_types_are_refused_by_name(value):
    with pytest.raises(ValueError, match=type(value).__name__):
        values.encode([value])


def test_what_is_too_deep_too_large_or_not_text_is_refused():
    deep = []
    for _ in range(values.MAX_DEPTH + 1):
        deep = [deep]
    for value in (deep, [0] * (values.MAX_NODES + 1), 1 << 20_000, "\ud800", {"\udcff": 1}):
        with pytest.raises(ValueError, match=r"deeper|parts|too large|surrogate"):
            values.encode(value)


def test_a_value_that_holds_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="deeper"):
        values.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        {"$tuple": 1},
        {"$tuple": [], "a": 1},
        {"$what": 1},
        {"$set": [[1]]},
        {"$set": [1, 1.0]},
        {"$bytes": "%"},
        {"$bytes": 5},
        {"$float": "1"},
        {"$dict": [[1]]},
        {"$dict": [[[], 1]]},
        {"$dict": [[1, 2], [1, 3]]},
        {"$dict": "ab"},
        float("inf"),
        "\ud800",
        {1: 2},
        b"raw",
    ],
)
def test_json_that_encode_never_makes_is_refused(data):
    with pytest.raises(ValueError, match=r"\w"):
        values.decode(data)


def test_equal_sets_have_equal_encodings():
    assert values.encode({"a", "b", 1}) == values.encode({1, "b", "a"})


@pytest.mark.parametrize("tag", ["$set", "$frozenset"])
def test_few_items_may_have_the_same_hash(tag):
    few, many = ([((1 << 61) - 1) * number + 1 for number in range(count)] for count in (32, 33))
    assert hash(few[0]) == hash(few[-1]) and values.decode({tag: few}) == set(few)
    with pytest.raises(ValueError, match="same hash"):
        values.decode({tag: many})
    with pytest.raises(ValueError, match="same hash"):
        values.decode({tag: [{"$tuple": [item]} for item in many]})
    with pytest.raises(ValueError, match="same hash"):
        values.decode({"$dict": [[item, 1] for item in many]})


_PRIME = (1 << 61) - 1  # numbers that differ by it have one hash


def nested(depth, count, last):
    """Sets of sets of numbers, all of one hash at each level: one comparison of two takes `count` squared at each."""
    if not depth:
        return last * _PRIME
    items = [nested(depth - 1, count, 40 * depth + number) for number in range(count - 1)]
    return {"$frozenset": [*items, nested(depth - 1, count, last)]}


@pytest.mark.parametrize(("count", "depth"), [(32, 3), (4, 8), (2, 16)])
@pytest.mark.parametrize("around", [lambda one: one, lambda one: {"$tuple": [1, one]}])
def test_sets_of_alike_sets_are_not_compared_for_long(count, depth, around):
    alike = [around(nested(depth, count, 1000 + number)) for number in range(2)]
    for data in ({"$set": alike}, {"$dict": [[one, 1] for one in alike]}):
        began = time.thread_time()
        with pytest.raises(ValueError, match="comparisons"):
            values.decode(data)
        assert time.thread_time() - began < 2.0


def test_many_sets_of_alike_items_are_compared_for_no_longer_than_one():
    alike = {"$set": [_PRIME * number + 1 for number in range(32)]}
    assert len(values.decode([alike] * 100)) == 100
    with pytest.raises(ValueError, match="comparisons"):
        values.decode([alike] * 1000)


def test_long_texts_in_alike_items_count_by_their_length():
    items = [{"$tuple": ["x" * 100_000, _PRIME * number]} for number in range(32)]
    with pytest.raises(ValueError, match="comparisons"):
        values.decode({"$set": items})


def test_ordinary_values_that_happen_to_have_one_hash_cross():
    points = {(x, y, z) for x in range(-9, 9) for y in range(-9, 9) for z in range(-9, 9)}  # -1 and -2 have one
    powers = {2**number for number in range(1000)}
    groups = {frozenset({one, frozenset({-1, -2, one})}) for one in range(-9, 9)}
    for value in (points, powers, groups, dict.fromkeys(points, 1)):
        assert values.decode(json.loads(json.dumps(values.encode(value)))) == value


def test_a_number_that_could_not_be_sent_on_is_not_taken():
    with pytest.raises(ValueError, match="too large"):
        values.decode([1 << 14_200])
