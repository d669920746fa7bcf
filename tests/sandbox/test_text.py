from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 😀", "plain é 漢 😀"),
        ("a\x1b[31mb", r"a\u{001B}[31mb"),
        ("a\u202eb", r"a\u{202E}b"),
        ("a\u200bb", r"a\u{200B}b"),
        ("a\U000e0041b", r"a\u{E0041}b"),
        ("a\ufe0fb", r"a\u{FE0F}b"),
        ("a\ud800b", r"a\u{D800}b"),
        ("a\u3164b", r"a\u{3164}b"),
        ("a\u2028b", r"a\u{2028}b"),
        ("a\rb\x00", r"a\u{000D}b\u{0000}"),
        ("a\tb\nc", "a\tb\nc"),
    ],
)
def test_unseen_characters_are_spelt_out(text, shown):
    assert visible(text) == shown


def test_line_feeds_can_be_spelt_out_too():
    assert visible("a\nb", keep_newlines=False) == r"a\u{000A}b"


@given(st.text())
def test_what_is_shown_is_printable(text):
    assert all(character.isprintable() or character in "\t\n" or character.isspace() for character in visible(text))
