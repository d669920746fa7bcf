"""What a person writes for a result, and what is another one."""

from __future__ import annotations

import pytest

from selfmod.gate.likeness import says

LIKE = [
    ("29", 29),
    ("29 points", 29),
    ("1,234.50", 1234.5),
    ("3.14", 3.14159),
    ("0.1", 0.1),
    ("nothing special", 29),
    ("true", True),
    ("yes, it is open", True),
    ("open", True),
    ("no", False),
    ("None", None),
    ("5/6", "5/6"),
    ('"5/6"', "5/6"),
    ("Good evening, Ada!", "Good evening, Ada!"),
    ("Good evening, …!", "Good evening, Ada!"),
    ("count: 2\n  items", "count: 2\nitems: 3"),
    ("... --- ...", "... --- ..."),
    ("[20, 39, 48]", [20, 39, 48]),
    ("20, 39 and 48", [20, 39, 48]),
    ("20, …, 48", [20, 39, 48]),
    ("(20, 39)", (20, 39)),
    ("[20, 39]", (20, 39)),
    ('{"total": 40, "n": 2}', {"total": 40, "n": 2}),
    ("{'total': 40}", {"total": 40}),
    ("total: 40", {"total": 40, "n": 2}),
    ("total 40, n 2", {"total": 40, "n": 2}),
    ("{2, 1}", {1, 2}),
    ("[1, 2]", {1, 2}),
    ('[{"a": 1.5}]', [{"a": 1.5}]),
    ("ann and bob", ["ann", "bob"]),
    ("null", None),
    ('[null, true, "x"]', [None, True, "x"]),
]
UNLIKE = [
    ("30", 29),
    ("3.15", 3.14159),
    ("29", True),
    ("false", True),
    ("no", True),
    ("yes", False),
    ("5", None),
    ("5/6", "2/3"),
    ("Good evening, Bob!", "Good evening, Ada!"),
    ("Good …, Bob!", "Good evening, Ada!"),
    ("3", "39"),
    ("... --- ..", "... --- ..."),
    ("1st cousin once removed", "1st cousin twice removed"),
    ("XLII", "xlii"),
    ("[20, 37, 46, 56]", [20, 39, 48]),
    ("20, 37 and 46", [20, 39, 48]),
    ("48, 39 and 20", [20, 39, 48]),
    ("[39, 20, 48]", [20, 39, 48]),
    ("[20, 39]", [20, 39, 48]),
    ("{'total': 41}", {"total": 40}),
    ("total: 41", {"total": 40, "n": 2}),
    ("{3, 1}", {1, 2}),
    ("ann and eve", ["ann", "bob"]),
    ("[1, true]", [1, 1]),
    ("[]", [1]),
]


@pytest.mark.parametrize(("shown", "value"), LIKE)
def test_a_result_in_other_words_is_that_result(shown: str, value: object) -> None:
    assert says(shown, value)


@pytest.mark.parametrize(("shown", "value"), UNLIKE)
def test_another_result_is_another_one(shown: str, value: object) -> None:
    assert not says(shown, value)


def test_hostile_texts_and_values_take_no_time() -> None:
    nested: list[object] = []
    for _ in range(50):
        nested = [nested]
    for shown in ("[" * 40_000, "1" * 5000, "-" * 40_000, "… " * 20_000, "9" * 400 + ".5e999999999"):
        for value in (nested, 10**400, "x" * 50_000, {"a": 1e308}, float("nan")):
            says(shown, value)
