"""Making text of unknown origin safe to show: what would move a cursor, hide or reorder is spelt out.

Where somebody decides by what is shown, so is what reads otherwise than it stands there: letters that terminals put in
another order, marks piled on one letter, and letters of another script within a Latin word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

# Control, format (bidi, zero-width, tags), surrogate, private use, unassigned, line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters by category that are drawn as nothing or change what stands next to them.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
# Bidirectional classes of letters and digits that run from right to left.
_LEFTWARDS: Final = frozenset({"R", "AL", "AN"})
_MARKS: Final = 2  # on one letter, as languages have them; more of them overprint other rows
# The letter of an escape such as "\\n", which belongs to no word, or a word with the marks on its letters.
_WORD: Final = re.compile(
    r"(?<=\\)[A-Za-z]|\w[\w\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]*"
)
# Scripts whose letters nobody takes for Latin ones, and that stand beside Latin ones in honest words.
_DISTINCT: Final = ("LATIN ", "CJK ", "HIRAGANA ", "KATAKANA", "HANGUL ", "BOPOMOFO ", "MODIFIER LETTER ")


def visible(text: str, *, keep_newlines: bool = True) -> str:
    r"""Return `text` with every unseen character as \u{XXXX}; tabs and, if wanted, line feeds stay as they are."""
    kept = {"\t", "\n"} if keep_newlines else {"\t"}
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character in kept else _shown(character) for character in text)


def _shown(character: str) -> str:
    selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    if selector or character in _BLANK or unicodedata.category(character) in _UNSEEN:
        return _spelt(character)
    return character


def unmistakable(text: str, *, keep_newlines: bool = True) -> str:
    r"""Return `text` as `visible` does, with what somebody who decides by it could misread as \u{XXXX}, too."""
    text = visible(text, keep_newlines=keep_newlines)
    return text if text.isascii() else "".join(_in_order(_WORD.sub(_of_one_script, text)))


def _in_order(text: str) -> Iterator[str]:
    """Yield what runs from left to right and stands in its own row."""
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        misread = marks > _MARKS or unicodedata.bidirectional(character) in _LEFTWARDS
        yield _spelt(character) if misread else character


def _of_one_script(seen: re.Match[str]) -> str:
    """A word with Latin letters, without those that may only look like them; any other word as it is."""
    word = seen.group()
    if word.isascii() or not any(map(_is_latin, word)):
        return word
    return "".join(_spelt(character) if _is_alike(character) else character for character in word)


def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN ")


def _is_alike(character: str) -> bool:
    name = unicodedata.name(character, "")
    return character > "\u00ff" and unicodedata.category(character)[0] == "L" and not name.startswith(_DISTINCT)


def _spelt(character: str) -> str:
    return f"\\u{{{ord(character):04X}}}"
