"""The small plugin that benchmarks propose and commit."""

from __future__ import annotations

from selfmod.candidate import Candidate

MANIFEST = """\
schema: 1
id: {id}
name: Text stats
version: 0.1.0
description: Count words and find the longest word of a text.
license: MIT
entry: plugin.py
tools:
  - {{name: stats, handler: stats}}
"""
CODE = '''\
"""Count words and find the longest word of a text."""


def stats(text: str) -> dict[str, object]:
    """Return how many words a text has, and the longest of them."""
    words = text.split()
    longest = ""
    for word in words:
        if len(word) > len(longest):
            longest = word
    return {"words": len(words), "longest": longest}
'''
TESTS = """\
from plugin import stats


def test_words_are_counted():
    assert stats("one three two") == {"words": 3, "longest": "three"}


def test_an_empty_text_has_no_words():
    assert stats("") == {"words": 0, "longest": ""}


def test_the_first_of_equals_is_the_longest():
    assert stats("ab cd") == {"words": 2, "longest": "ab"}
"""
README = """\
# Text stats

Counts words and finds the longest word of a text.

    ratchet call {id} stats "one three two"
"""


def plugin(id: str = "text-stats") -> Candidate:  # noqa: A002 -- it is the id
    """The plugin under an id of its own."""
    return Candidate(
        files={
            "plugin.yaml": MANIFEST.format(id=id).encode(),
            "plugin.py": CODE.encode(),
            "tests/test_plugin.py": TESTS.encode(),
            "README.md": README.format(id=id).encode(),
        }
    )
