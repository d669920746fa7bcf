from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfmod.examples import parse_examples
from selfmod.signature import read_signature
from selfmod.spec import Spec


def read(text, *examples):
    return read_signature(Spec(text=text, examples=parse_examples(examples)))


@pytest.mark.parametrize(
    ("text", "header", "returns", "rest"),
    [
        (
            "is_palindrome(s: str) -> bool: True if it is one",
            "is_palindrome(s: str) -> bool",
            "bool",
            "True if it is one",
        ),
        ("def f(x)", "f(x)", "", ""),
        ("  def f(x: int=3) -> int:\n  twice\n  x ", "f(x: int=3) -> int", "int", "twice x"),
        (
            "g(x: dict[str, int]) -> list[int]: the values",
            "g(x: dict[str, int]) -> list[int]",
            "list[int]",
            "the values",
        ),
        ("merge(a: list, b: list) returns both", "merge(a: list, b: list)", "", "returns both"),
        ("h(x: int) -> int | None - half of x", "h(x: int) -> int | None", "int | None", "half of x"),
        ("f() -> dict[str, list[int]]: all", "f() -> dict[str, list[int]]", "dict[str, list[int]]", "all"),
    ],
)
def test_written_at_the_start(text, header, returns, rest):
    found = read(text)
    assert (found.header, found.returns, found.text) == (header, returns, rest)
    assert found.name == header.partition("(")[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "count the words",
        "a plugin (small) that counts",
        "_f(x): hidden",
        "f(*args): many",
        "f(**named): many",
        "f(x, *, y): y",
        "class(x): no",
        "f(x: int: no",
        "f(" + "(" * 5000,
        "F(x): upper case",
    ],
)
def test_no_signature(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("examples", "header"),
    [
        (["word_count('a b') == 2"], "word_count(text: str) -> int"),
        (["c(0) == 32", "c(1.5) == 2.5"], "c(x: float) -> float"),
        (["f(1, 'a', [1]) == {'a': 1}"], "f(x: int, y: str, z: list) -> dict"),
        (["f(1, scale=2.5) == 2"], "f(x: int, scale: float) -> int"),
        (["f('') raises ValueError"], "f(text: str)"),
        (["even(2)"], "even(x: int) -> bool"),
        (["f(1) == 'a'", "f(2) is None"], "f(x: int)"),
        (["f('a') == 1", "f(2) == 3"], "f(x) -> int"),
        (["now() == 3"], "now() -> int"),
    ],
)
def test_implied_by_examples(examples, header):
    assert read("Do it\nwell", *examples).header == header
    assert read("Do it\nwell", *examples).text == "Do it well"


def test_examples_of_several_functions_imply_none():
    assert read("both", "f(1) == 1", "g(1) == 1") is None
    assert read("many", "f(1, 2, 3, 4, 5, 6, 7) == 1") is None


@given(st.text(max_size=80))
def test_any_text_is_read_or_not(text):
    found = read(text)
    assert found is None or found.header.startswith(f"{found.name}(")
