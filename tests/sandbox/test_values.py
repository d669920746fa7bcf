from __future__ import annotations

import json
import math
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
