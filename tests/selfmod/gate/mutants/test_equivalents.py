"""Mutants that no test could notice are left out, and their neighbours, which one could, are not."""

from __future__ import annotations

import ast

import pytest

from selfmod.gate.mutants.choice import mutants

TABLE = """
_WORDS = {"en": "Hello", "de": "Hallo"}


def greet(language: str) -> str:
    return _WORDS.get(language, "Hello")
"""


def changes(source: str) -> set[tuple[str, str]]:
    """What becomes what, of everything that is an expression."""
    found = [(item.node, item.variant) for item in mutants(ast.parse(source))]
    return {
        (ast.unparse(node), ast.unparse(variant))
        for node, variant in found
        if isinstance(node, ast.expr) and isinstance(variant, ast.expr)
    }


@pytest.mark.parametrize(
    "source",
    [
        "def f(t):\n    if not t.strip():\n        return 1\n    return 2\n",
        "def f(t):\n    while t and t.strip():\n        t = t[1:]\n    return t\n",
        "def f(t):\n    return 1 if t.strip() or t == '.' else 2\n",
        "def f(t):\n    return [line for line in t if line.strip()]\n",
    ],
    ids=["not", "while", "one-of-two", "filter"],
)
def test_stripping_one_end_is_the_same_where_only_truth_counts(source: str) -> None:
    assert not any("rstrip" in after for _, after in changes(source))


@pytest.mark.parametrize(
    "source",
    [
        "def f(t):\n    return t.strip()\n",
        "def f(t):\n    return t.strip() or 'none'\n",
        "def f(t):\n    if t.strip() == 'x':\n        return 1\n    return 2\n",
        "def f(t):\n    if len(t.strip()):\n        return 1\n    return 2\n",
        "class T:\n    def strip(self):\n        return 1\ndef f():\n    return 2 if T().strip() else 3\n",
    ],
    ids=["value", "value-or", "compared", "counted", "its-own-strip"],
)
def test_stripping_one_end_is_a_mutant_where_the_text_counts(source: str) -> None:
    assert any("rstrip" in after for _, after in changes(source))


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        ("t[0:n]", "t[:n]", True),
        ("t[a:n:1]", "t[a:n]", True),
        ("t[1:n]", "t[:n]", False),
        ("t[0:n]", "t[0:]", False),
        ("t[0:n:-1]", "t[:n:-1]", False),
        ("t[a:n:2]", "t[a:n]", False),
    ],
)
def test_a_slice_in_other_words_is_no_mutant(before: str, after: str, left_out: bool) -> None:
    source = f"def f(t, a, n):\n    return {before}\n"
    assert ((before, after) not in changes(source)) is left_out
    own = f"class T:\n    def __getitem__(self, place):\n        return place\n{source}"
    assert (before, after) in changes(own)


def test_a_key_whose_value_is_the_default_anyway_is_not_changed() -> None:
    found = changes(TABLE)
    assert ("'en'", "''") not in found
    assert {("'de'", "''"), ("'Hello'", "''"), ("'Hallo'", "''")} <= found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('language, "Hello")', 'language, "Hi")'),
        ('language, "Hello")', "language)"),
        ('language, "Hello")', 'language, "Hello") + str(len(_WORDS))'),
        ('language, "Hello")', 'language, "Hello") + _WORDS.get("x", "")'),
        ("def greet", "_WORDS |= {}\n\n\ndef greet"),
        ('"en": "Hello"', '"en": "Hello", "": "Hi"'),
        ('"de": "Hallo"', '"de": "Hallo", "en": "Hi"'),
        ('"de": "Hallo"', '**{"de": "Hallo"}'),
    ],
    ids=["other", "none", "counted", "two-defaults", "bound-twice", "new-key-there", "same-key-twice", "unpacked"],
)
def test_a_key_that_matters_is_changed(old: str, new: str) -> None:
    assert ("'en'", "''") in changes(TABLE.replace(old, new))


KEYS = "from plugins.sdk import storage\n\n\ndef names(storage_):\n    return sorted(storage.keys())\n"


@pytest.mark.parametrize(
    ("old", "new", "left_out"),
    [
        ("", "", True),
        ("sorted(storage.keys())", "sorted(storage.keys(), reverse=True)", False),
        ("sorted(storage.keys())", "sorted(k for k in storage.keys())", False),
        ("storage.keys", "storage.get", False),
        ("storage_", "storage", False),
        ("from plugins.sdk import storage", "storage = {}", False),
    ],
    ids=["keys", "backwards", "a-generator", "a-value", "another-storage", "a-dict"],
)
def test_what_the_sdk_gives_sorted_is_not_left_unsorted(old: str, new: str, left_out: bool) -> None:
    found = changes(KEYS.replace(old, new))
    assert (not any(after.startswith("list(") for _, after in found)) is left_out


@pytest.mark.parametrize(("end", "longer"), [("n", True), ("n + m", True), ("n + 1", False), ("10", False)])
def test_a_range_is_made_longer_once(end: str, longer: bool) -> None:
    """Where it ends in a number, that number is mutated anyway."""
    found = changes(f"def f(n, m):\n    return list(range(5, {end}))\n")
    assert ((f"range(5, {end})", f"range(5, {end} + 1)") in found) is longer
    assert bool({("1", "2"), ("10", "11")} & found) is not longer


FILTER = """
class Seen:
    def __init__(self, size):
        self._marks = bytearray(size)

    def add(self, place):
        self._marks[place % len(self._marks)] = 3

    def has(self, places):
        return all(self._marks[place] for place in places)
"""
ROW = """
def primes(n):
    crossed = [0] * n
    found = []
    for i in range(2, n):
        if not crossed[i]:
            found.append(i)
            for j in range(i * i, n, i):
                crossed[j] = 3
    return found
"""


@pytest.mark.parametrize("source", [FILTER, ROW], ids=["of-an-object", "of-a-function"])
def test_a_number_that_is_kept_for_its_truth_stays_true(source: str) -> None:
    of_three = {after for before, after in changes(source) if before == "3"}
    assert "4" not in of_three
    wider = source.replace("= 3\n", "= 255\n")
    assert ("255", "256") in changes(wider)  # a row of bytes would say so


def test_a_flag_that_is_taken_back_is_a_mutant() -> None:
    for source in (FILTER, ROW):
        cleared = source.replace("= 3\n", "= 0\n")
        assert ("0", "1") in changes(cleared)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return all(self._marks[place]", "return sum(self._marks[place]"),
        ("return all(self._marks[place]", "return all(self._marks[place] > 3"),
        ("return all(", "return list("),
        ("all(self._marks[place] for place in places)", "bytes(self._marks)"),
        ("all(self._marks[place] for place in places)", "3 in self._marks"),
        ("= bytearray(size)", "= size"),
        ("def has(", "def show(self):\n        return self._marks\n\n    def has("),
        ("def has(", "def more(self):\n        self._marks[0] += 1\n\n    def has("),
        ("def has(", "def more(self):\n        self._marks.append(1)\n\n    def has("),
        ("def has(", "def more(self):\n        return vars(self)\n\n    def has("),
        ("def has(", "def more(self, name):\n        return getattr(self, name)\n\n    def has("),
        ("class Seen:", "class Seen:\n    __match_args__ = ('_marks',)\n"),
        (
            "class Seen:",
            "def read(seen):\n    match seen:\n        case Seen(_marks=m):\n            return m\n\n\nclass Seen:",
        ),
        ("class Seen:", "def all(row):\n    return sum(row)\n\n\nclass Seen:"),
        ("class Seen:", "def bytearray(size):\n    return Row(size)\n\n\nclass Seen:"),
        ("self._marks", "self.marks"),
    ],
)
def test_a_number_that_may_come_out_again_is_a_mutant(old: str, new: str) -> None:
    assert ("3", "4") in changes(FILTER.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return found", "return crossed"),
        ("return found", "return crossed[2]"),
        ("return found", "return [n for n in crossed if n]"),
        ("return found", "return found, locals()"),
        ("def primes(n):\n    crossed = [0] * n", "crossed = [0] * 99\n\n\ndef primes(n):"),
        ("crossed = [0] * n", "crossed = kept = [0] * n"),
        ("def primes(n):\n    crossed = [0] * n", "def primes(n, crossed):"),
    ],
)
def test_a_row_that_leaves_its_function_is_none_of_flags(old: str, new: str) -> None:
    assert ("3", "4") in changes(ROW.replace(old, new))


def test_the_truth_of_each_is_all_that_any_and_all_ask_for() -> None:
    asked = "def f(t):\n    return any(line.strip() for line in t) or all([line.strip() for line in t])\n"
    assert not any("rstrip" in after for _, after in changes(asked))
    own = f"def any(t):\n    return list(t)\n\n\ndef all(t):\n    return list(t)\n\n\n{asked}"
    assert any("rstrip" in after for _, after in changes(own))
