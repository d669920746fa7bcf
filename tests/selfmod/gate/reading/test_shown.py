"""What a README shows of a plugin: which calls, and what is said to come of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from selfmod.gate.reading.parse import Material
from selfmod.gate.reading.shown import shown

MANIFEST = """\
schema: 1
id: frames
name: Frames
version: 0.1.0
description: Counts.
license: MIT
entry: plugin.py
commands: [{name: card, handler: card}]
tools: [{name: add-up, handler: add_up}, {name: look, handler: look}]
"""
MODULE = '''\
"""Counts.

>>> card("X 9")
29
>>> frames = card("9")
"""


def card(throws: str) -> int:
    """Return it."""


def add_up(first: int, second: int = 0, *, twice: bool = False) -> int:
    """Return it.

    >>> add_up(2, 3)
    5
    >>> add_up("a")
    Traceback (most recent call last):
    TypeError: no number
    """


def look() -> str:
    """Return it."""
'''
Read = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def read() -> Read:
    """Each call that a README shows: text, arguments, how it is said to end, and what it is said to give."""

    def found(readme: str) -> list[tuple[Any, ...]]:
        files = {"plugin.yaml": MANIFEST.encode(), "plugin.py": MODULE.encode(), "README.md": readme.encode()}
        said = shown(Material(files=files, previous={}, entry="plugin.py", tests=()))
        there = [one for one in said if one["path"] == "README.md"]
        return [(one["text"], one["args"], one["problem"] or one["how"], one["promise"]) for one in there]

    return found


PROMISES = [
    ("    /card X 9\n\ngives `29`.", "29"),
    ("    /card X 9\n\ngives 20, 29 and 31: that is all.", "20, 29 and 31"),
    ("    /card X 9\n\nIt returns the number `29`, as it should.", "29"),
    ("    /card X 9\n    29\n    30\n", "29\n30"),
    ("    $ ratchet call frames card 'X 9'\n    29\n    $ ls\n", "29"),
    ("```\n/card X 9\n```\n```\n29\n```\n", "29"),
    ("```\n/card X 9\n```\nwhich prints:\n\n```text\n29\n30\n```\n", "29\n30"),
    ("    /card X 9  -> 29", "29"),
    ("    /card X 9  # 29", "29"),
    ("    /card X 9  # gives 29", "29"),
    ("Type `/card X 9`, which gives `29`.", "29"),
    ("`/card X 9` → `29`", "29"),
    ("Type `/card X 9` and you get `29`.", "29"),
    ("    /card X 9\n\nYou will see `29`.", "29"),
    ("    /card X 9\n\nThe answer is `29`.", "29"),
    ("    /card X 9\n\nOutput: `29`", "29"),
    ("With `/card X 9`\nthe answer is `29`; `/card X 9` gives “29 points”.", "29 points"),
    ("`card X 9` gives 29.", "29"),
    ('`card("X 9")` gives 29.', "29"),
    ('`card("X 9") == 29`', "29"),
    ('```python\n>>> card("X 9")\n29\n```\n', "29"),
    ("| call | result |\n|---|---|\n| `/card X 9` | `29` |\n", "29"),
]


@pytest.mark.parametrize(("readme", "promise"), PROMISES)
def test_what_is_shown_of_a_call_is_read(read: Read, readme: str, promise: str) -> None:
    assert read(f"# Frames\n\n{readme}\n")[-1][1:] == (["X 9"], "gives", promise)


SILENT = [
    "    /card X 9\n",
    "    /card X 9  # counts a strike\n",
    "    /card X 9     all points of a game\n",
    "    /card X 9  -> the number of points\n",
    "    /card X 9\n\ngives 3 lines, one for each player.",
    "    /card X 9\n\nreturns a `dict`.",
    "    /card X 9\n\nwrites `29` into the book.",
    "    /card X 9\n\n`29` is a good result.",
    "    /card X 9\n\n```sh\n29\n```\n",
    "    $ ratchet call frames card 'X 9'\n    # 29\n",
]


@pytest.mark.parametrize("readme", SILENT)
def test_what_is_said_in_words_promises_nothing(read: Read, readme: str) -> None:
    assert [one[1:] for one in read(f"# Frames\n\n{readme}\n")] == [(["X 9"], "", "")]


@pytest.mark.parametrize(
    ("readme", "how"),
    [
        ("`/card no` is an error.", "raises"),
        ("    /card no\n\nraises an error.", "raises"),
        ("    /card no\n    ValueError: no throws\n", "raises"),
        ("    /card no  # fails", "unsure"),
        ("    /card no\n\nA wrong throw is told.", "unsure"),
        ("`card no` is what one types.", "unsure"),
        ("Nobody can make `/card no` work.", "unsure"),
        ("| call | result |\n|---|---|\n| `/card no` | nothing good |\n", "unsure"),
    ],
)
def test_errors_are_shown_too(read: Read, readme: str, how: str) -> None:
    assert [one[1:] for one in read(f"# Frames\n\n{readme}\n")] == [(["no"], how, "")]


@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("/card X 7/ 9- X #1", ["X 7/ 9- X #1"]),
        ('ratchet call frames card "X 9"', ["X 9"]),
        ("ratchet call frames add-up 1 2", [1, 2]),
        ("ratchet call frames add-up --args '[1, 2]'", [1, 2]),
        ("ratchet call frames add-up 1 2 --json", [1, 2]),
        ("> /card X", ["X"]),
        ("ratchet> /card X", ["X"]),
        ("$ ratchet call frames look", []),
    ],
)
def test_a_call_is_read_as_its_reader_types_it(read: Read, call: str, args: list[object]) -> None:
    assert [one[1] for one in read(f"# Frames\n\n```\n{call}\n```\n")] == [args]


@pytest.mark.parametrize(
    "line",
    [
        "ratchet call frames card @game.txt",
        "ratchet call frames card -",
        "ratchet call frames card < game.txt",
        "ratchet call frames card X | wc",
        "ratchet call frames add-up FIRST SECOND",
        "ratchet call frames add-up",
        "ratchet call frames add-up a b",
        "/card",
        "ratchet call frames add-up <first>",
        "ratchet call frames <tool>",
        "ratchet call frames TOOL",
        "ratchet call other card X",
        "ratchet approve frames",
        "/etc/hosts",
        "card(open('x'))",
        "card(*throws)",
        "print(card('X'))",
        "cards are counted",
        "add-up the throws",
    ],
)
def test_what_nobody_can_call_as_it_stands_is_left_alone(read: Read, line: str) -> None:
    assert read(f"# Frames\n\n```\n{line}\n```\n") == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("ratchet call frames score X", "there is no tool score; it has add-up, card, look"),
        ("ratchet call frames add-up 1 --thrice yes", "there is no parameter thrice"),
        ("ratchet call frames look 1", "there is one word too many: '1'"),
        ("ratchet call frames add-up --args '[1, 2, 3]'", "it takes 2 arguments, not 3"),
    ],
)
def test_a_call_that_nobody_can_make_is_told(read: Read, line: str, problem: str) -> None:
    assert [one[2] for one in read(f"# Frames\n\n    {line}\n")] == [problem]


def test_docstrings_show_calls_behind_their_prompts() -> None:
    files = {"plugin.yaml": MANIFEST.encode(), "plugin.py": MODULE.encode()}
    said = shown(Material(files=files, previous={}, entry="plugin.py", tests=()))
    assert [(one["line"], one["args"], one["how"], one["promise"]) for one in said] == [
        (3, ["X 9"], "gives", "29"),
        (16, [2, 3], "gives", "5"),
        (18, ["a"], "raises", ""),
    ]


def test_what_may_be_a_place_to_fill_in_is_made_but_need_not_work(read: Read) -> None:
    assert [one[1:] for one in read("# Frames\n\n    /card THROWS OF ALL\n    /card ALL\n")] == [
        (["ALL"], "unsure", "")
    ]


def test_a_page_of_many_calls_is_read_in_part(read: Read) -> None:
    assert len(read("# Frames\n\n" + "    /card X\n" * 5000)) == 40
