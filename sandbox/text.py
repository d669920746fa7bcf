"""Making text of unknown origin safe to show: what would move a cursor, hide or reorder is spelt out."""

from __future__ import annotations

import unicodedata
from typing import Final

# Control, format (bidi, zero-width, tags), surrogate, private use, unassigned, line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters by category that are drawn as nothing or change what stands next to them.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")


def visible(text: str, *, keep_newlines: bool = True) -> str:
    r"""Return `text` with every unseen character as \u{XXXX}; tabs and, if wanted, line feeds stay as they are."""
    kept = {"\t", "\n"} if keep_newlines else {"\t"}
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character in kept else _shown(character) for character in text)


def _shown(character: str) -> str:
    selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    if selector or character in _BLANK or unicodedata.category(character) in _UNSEEN:
        return f"\\u{{{ord(character):04X}}}"
    return character
