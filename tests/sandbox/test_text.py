from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.text import unmistakable, visible


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('if a == "\u05d0" and b != "\u05d1":', r'if a == "\u{05D0}" and b != "\u{05D1}":'),
        ("x\u0661\u0627y", r"x\u{0661}\u{0627}y"),
        ("e\u0301\u0302\u0303\u0304z", "e\u0301\u0302\\u{0303}\\u{0304}z"),
        ("e\u0301\u0489\u20dd", "e\u0301\u0489\\u{20DD}"),
        ("r\u043e\u043et \u043e root", "r\\u{043E}\\u{043E}t \u043e root"),
        ("is_\u043ed", r"is_\u{043E}d"),
        ("\u0430\u0301dmin", "\\u{0430}\u0301dmin"),
        ("\u03c1ass \u0561b", r"\u{03C1}ass \u{0561}b"),
        ("a\u202eb", r"a\u{202E}b"),
    ],
)
def test_what_could_be_misread_is_spelt_out_where_somebody_decides(text, shown):
    assert unmistakable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain\u00e9 \u6f22 \U0001f600 5 \u00b5m \u03a9 \u2192",
        "\u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u0442\u0435\u043a\u0441\u0442, \u03b1 + \u03b2 = \u03c0/2",
        '"\\n\u043f\u0440\u0438\u0432\u0435\u0442"',
        "T\u30b7\u30e3\u30c4 A\ud68c\uc0ac X\u7dda",
        "e\u0323\u0301 Vi\u1ec7t Nam stra\u00dfe na\u00efve",
        "\u0928\u092e\u0938\u094d\u0924\u0947 \u0e17\u0e35\u0e48",
    ],
)
def test_honest_texts_stay_as_they_are(text):
    assert unmistakable(text) == visible(text) == text


def latin_and_other(word: str) -> bool:
    names = [unicodedata.name(sign, "") for sign in word if sign > "\u00ff" or (sign.isascii() and sign.isalpha())]
    latin = any(name.startswith("LATIN ") for name in names)
    return latin and any(name.startswith(("CYRILLIC ", "GREEK ", "ARMENIAN ", "CHEROKEE ")) for name in names)


LETTERS = st.text(st.sampled_from('abcxyz _.\\"\n\u043e\u0430\u03c1\u0561\u13aa\u05d0\u0627\u0661\u0301\u0489\u6f22'))


@given(st.one_of(st.text(), LETTERS), st.booleans())
def test_nothing_that_could_be_misread_is_left(text, keep):
    shown = unmistakable(text, keep_newlines=keep)
    assert not {unicodedata.bidirectional(sign) for sign in shown} & {"R", "AL", "AN"}
    assert not re.search(r"[\u0300-\u036f\u0489]{3}", shown)
    words = re.findall(r"\w+", re.sub(r"\\[A-Za-z]", " ", shown))
    assert not [word for word in words if latin_and_other(word) and any(map(str.isalpha, word))]
    assert unmistakable(shown, keep_newlines=keep) == shown
