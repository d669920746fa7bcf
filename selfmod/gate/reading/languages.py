# ruff: noqa: RUF001 - letters of other alphabets are what is read
"""Which language words are in, by words that no sentence of a language does without.

Only prose in a language that the other rules have phrases for can be judged. The table has the small words of each of
these; of English, in which most is written and often without small words, also what technical texts are made of.
Neighbours are languages that share small words with one of these and are none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from selfmod.gate.reading.vocabulary import ENDINGS, NEIGHBOURS, WORDS

NAMES: Final = "English, German, French, Spanish, Portuguese, Italian, Russian, Chinese, Japanese or Korean"

_CHINESE_JAPANESE_KOREAN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_LETTERS: Final = re.compile(r"[a-zäöüßàâæçéèêëîïôœùûÿñáíóúãõìòа-яё'-]+")
_FOLDED: Final = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "’": "'"})
LEAST: Final = 6  # words; fewer are a name, a heading or a quotation
WINDOW: Final = 8
_KNOWN: Final = 2  # of the words of a window, in one language
_HOME: Final = 0.35  # of all words: the text is in this language, of which one word is enough where it is not English


def bare(text: str) -> str:
    """Return a text without the marks on its letters, in whatever form it came."""
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(sign for sign in apart if not 0x300 <= ord(sign) < 0x370))


def loosely(pattern: str) -> str:
    """Return a pattern for bare texts, which also meets what is written without such letters: `prüf` and `pruef`."""
    return bare(re.sub("[äöüÄÖÜ]", lambda seen: f"{bare(seen.group())}e?", pattern))


def folded(word: str) -> str:
    """Return a word as the table has it: small letters without marks, if they are of a language that is read."""
    small = unicodedata.normalize("NFC", word.casefold()).translate(_FOLDED)
    return bare(small) if _LETTERS.fullmatch(small) else small


def _spelt(words: str) -> frozenset[str]:
    """Each word as it is folded, and as those write it who have no such letters."""
    by_pairs = words.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return frozenset(map(folded, f"{words} {by_pairs}".split()))


_READABLE: Final = {language: _spelt(words) for language, words in WORDS.items()}
_ENDED: Final = {language: re.compile(ending) for language, ending in ENDINGS.items()}
_OTHERS: Final = tuple(map(_spelt, NEIGHBOURS.values()))


def strange(words: Iterable[str], *, only: str = "") -> int | None:
    """Return where the first words begin that are in no language the gate can read, or None.

    Each run of words that is long enough to tell is looked at for itself, so that much English hides no other sentence.
    """
    folds = [folded(word) for word in words]
    known = {language: [_is_in(word, language) for word in folds] for language in ([only] if only else _READABLE)}
    others = [[word in neighbour for word in folds] for neighbour in _OTHERS]
    home = {language for language, hits in known.items() if sum(hits) >= len(folds) * _HOME} - {"English"}
    for start in range(max(1, len(folds) - WINDOW + 1)):
        part = slice(start, start + WINDOW)
        best = max(sum(hits[part]) + (language in home) for language, hits in known.items())
        if len(set(folds[part])) >= LEAST and best < max(_KNOWN, *(sum(hits[part]) for hits in others)):
            return next((place for place in range(start, len(folds)) if not is_known(folds[place])), start)
    return None


@lru_cache(maxsize=20_000)
def is_known(word: str) -> bool:
    """Return whether a word belongs to a language that the gate can read."""
    return any(_is_in(folded(word), language) for language in _READABLE)


@lru_cache(maxsize=100_000)
def _is_in(word: str, language: str) -> bool:
    plain = word.removesuffix("s") if language == "English" else word
    known = word in _READABLE[language] or plain in _READABLE[language] or _ENDED[language].fullmatch(word) is not None
    return known or _CHINESE_JAPANESE_KOREAN.match(word) is not None
