"""Whether a text that a README shows as a result is what a call gave, in any of the ways in which a person writes it.

A reader takes a part for the whole and 3.14 for 3.14159; what is said here to differ is wrong however it is read.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sandbox.values import encode

_LONGEST: Final = 50_000
_PART: Final = re.compile(r"\w+|[^\w\s]")
_NUMBER: Final = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD: Final = re.compile(r"[^\W\d_]\w*")
_LEFT_OUT: Final = re.compile(r"…|\.{3}")
_TRUE, _FALSE = frozenset({"true", "yes", "ja", "on"}), frozenset({"false", "no", "nein", "off", "not"})
_NONE: Final = frozenset({"none", "null", "nothing", "nichts"})
_BETWEEN: Final = frozenset({"and", "or", "then", "und", *_TRUE, *_FALSE, *_NONE})
_OUTER: Final = "\"'`“”"


def says(shown: str, value: object) -> bool:
    """Return whether `shown` may stand for `value`."""
    if len(shown) > _LONGEST:
        return True
    if any(_parts(shown) == _parts(way) for way in _ways(value)):
        return True
    match value:
        case bool():
            said = {word.casefold() for word in _WORD.findall(shown)}
            return not said & (_FALSE if value else _TRUE) and not _NUMBER.search(shown)
        case None:
            return bool({word.casefold() for word in _WORD.findall(shown)} & _NONE) or not _has(shown)
        case int() | float():
            numbers = _NUMBER.findall(shown)
            return not numbers or any(_rounds(one, value) for one in numbers)
        case str():
            return _within(shown.strip().strip(_OUTER), value)
        case _:
            return _says_some(shown, value)


def _ways(value: object) -> Iterator[str]:
    """How a value is written: as text, as Python, as JSON."""
    if isinstance(value, str):
        yield from (value, json.dumps(value, ensure_ascii=False))
    yield repr(value)
    try:
        yield json.dumps(encode(value), ensure_ascii=False)
    except ValueError:
        return


def _parts(text: str) -> list[str]:
    return _PART.findall(text[:_LONGEST])


def _has(text: str) -> bool:
    return bool(_WORD.search(text) or _NUMBER.search(text))


def _within(shown: str, value: str) -> bool:
    """Whether a text shows another one or a part of it; what is left out may be marked."""
    whole = _parts(value)
    if not _has(shown):
        return False
    if _follow(_parts(shown), whole) >= 0:
        return True
    pieces = [_parts(piece) for piece in _LEFT_OUT.split(shown)]
    if len(pieces) < 2:
        return False
    start = 0
    for piece in pieces:
        found = _follow(piece, whole[start:])
        if found < 0:
            return False
        start += found + len(piece)
    return True


def _follow(part: Sequence[str], whole: Sequence[str]) -> int:
    """Where the parts stand one after the other, -1 where they do not."""
    places = range(len(whole) - len(part) + 1)
    return next((place for place in places if whole[place : place + len(part)] == part), -1)


def _says_some(shown: str, value: object) -> bool:
    """Whether a text shows rows or a table, or the numbers and words of some of it in their order."""
    literal = _literal(shown)
    if isinstance(literal, list | tuple | dict | set) and not _LEFT_OUT.search(shown):
        return _alike(literal, value)
    scalars = [*_scalars(value, 0)]
    numbers = [one for one in scalars if isinstance(one, int | float) and not isinstance(one, bool)]
    texts = [part for one in scalars if isinstance(one, str) for part in _parts(one)]
    told = [word for word in _WORD.findall(_NUMBER.sub(" ", shown)) if word.casefold() not in _BETWEEN]
    left = iter(numbers)
    counted = all(one in texts or any(_rounds(one, number) for number in left) for one in _NUMBER.findall(shown))
    return counted and (not texts or all(word in texts for word in told))


def _literal(text: str) -> object:
    for read in (ast.literal_eval, json.loads):
        try:
            return read(text.strip())
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def _alike(shown: object, value: object) -> bool:
    """Whether a literal is a value, as far as kinds of rows and the digits of numbers go."""
    match shown, value:
        case bool() | None, _:
            return shown is value
        case int() | float(), int() | float():
            return not isinstance(value, bool) and _rounds(repr(shown), value)
        case list() | tuple(), list() | tuple():
            return len(shown) == len(value) and all(map(_alike, shown, value))
        case Mapping(), Mapping():
            other = {str(key): item for key, item in value.items()}
            return len(shown) == len(value) and all(_alike(item, other.get(str(key))) for key, item in shown.items())
        case list() | tuple() | set() | frozenset(), set() | frozenset():
            return sorted(map(repr, shown)) == sorted(map(repr, value))
        case _:
            return shown == value


def _rounds(shown: str, value: float) -> bool:
    """Whether a number is the shown one with the digits that are shown."""
    plain = shown.replace(",", "")
    digits = len(plain.partition(".")[2]) if "e" not in plain.lower() else 15
    try:
        return abs(float(plain) - value) <= 0.5 * 10.0**-digits * 1.000001 if "." in plain else float(plain) == value
    except (ValueError, OverflowError):
        return False


def _scalars(value: object, depth: int) -> Iterator[object]:
    """All that stands in rows and tables, in its order."""
    if depth > 20:
        return
    match value:
        case Mapping():
            for key, item in value.items():
                yield key
                yield from _scalars(item, depth + 1)
        case list() | tuple() | set() | frozenset():
            for item in value:
                yield from _scalars(item, depth + 1)
        case _:
            yield value
