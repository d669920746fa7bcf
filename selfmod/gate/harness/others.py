"""Other values of the same kind and length, one part changed at a time: who looks at a part of a value notices.

What is changed is named, so that it can be found again in the next run: `['text'], the second half`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, Final

Other = tuple[str, Any]  # what is changed of a value, and the value with that changed

_DEEPEST: Final = 4
_HALVES: Final = (", the first half", ", the second half")
_EACH: Final = "[...]"
_TURNED: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "bcdefghijklmnopqrstuvwxyzaBCDEFGHIJKLMNOPQRSTUVWXYZA1234567890",
)
_FOREIGN: Final = re.compile(r"[^\W\x00-\x7f]")
_QUOTED: Final = re.compile(r"(%[0-9A-Fa-f]{2})")
_HOST: Final = re.compile(r"\w+://[^/?#]*")
_TOKEN: Final = re.compile(r"[^\W_](?:.*[^\W_])?=*")
_WORDS: Final = re.compile(r"a(?: a)+")
_LONGEST: Final = 40
_FORMS: Final = 20  # of a text that has more each half is changed
_KNOWN: Final = 1000  # rows that were there before: more are not searched
_SPELLINGS: Final[tuple[dict[str, Any], ...]] = tuple(
    {"ensure_ascii": ascii_only, **how}
    for how in ({}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 4})
    for ascii_only in (True, False)
)


def others(value: Any, fields: Container[str], known: Any = None, depth: int = 0) -> Iterator[Other]:
    """Yield each other value. `fields` are the keys that the plugin itself wrote; any other key is data, too.

    What is the same in `known`, which was there before, is no news and stays as it is.
    """
    match value:
        case None:
            pass
        case dict() if value and depth < _DEEPEST:
            yield from _of_dict(value, fields, known if isinstance(known, dict) else {}, depth)
        case list() | tuple() if value:
            new = _new(value, known if isinstance(known, list | tuple) else ())
            for part, other in _of_rows([value[place] for place in new], fields, depth):
                row = dict(zip(new, other, strict=True))
                yield part, type(value)(row.get(place, item) for place, item in enumerate(value))
        case str() | bytes() if written := _written(value):
            parsed, spelt = written
            yield from ((part, spelt(other)) for part, other in others(parsed, fields, None, depth))
        case str() | bytes() if value:
            yield from _of_text(value)
        case _:
            yield "", changed(value)


def _of_dict(value: Mapping[Any, Any], fields: Container[str], known: Mapping[Any, Any], depth: int) -> Iterator[Other]:
    new = [key for key in value if key not in known or known[key] != value[key]]
    data = [key for key in new if not (isinstance(key, str) and key in fields)]
    for key in new:
        if key not in data:
            inner = others(value[key], fields, known.get(key), depth + 1)
            yield from ((f"[{key!r}]{part}", {**value, key: other}) for part, other in inner)
    if data:
        yield ", its keys", {changed(key) if key in data else key: item for key, item in value.items()}
        for part, other in _of_rows([value[key] for key in data], fields, depth):
            yield part, {**value, **dict(zip(data, other, strict=True))}


def _new(rows: Sequence[Any], known: Sequence[Any]) -> list[int]:
    """The places of the rows that were not there before, as often as they are there now."""
    left, new = list(known[:_KNOWN]), []
    for place, row in enumerate(rows):
        if row in left:
            left.remove(row)
        else:
            new.append(place)
    return new


def _of_rows(rows: list[Any], fields: Container[str], depth: int) -> Iterator[tuple[str, list[Any]]]:
    """The same part of every row is changed at once where rows are alike, and else the one half or the other."""
    if depth >= _DEEPEST or not all(isinstance(row, dict) for row in rows):
        yield from _halves(rows)
        return
    ways = [dict(others(row, fields, None, depth + 1)) for row in rows]
    for part in dict.fromkeys(part for way in ways for part in way):
        yield f"{_EACH}{part}", [way.get(part, row) for way, row in zip(ways, rows, strict=True)]


def _of_text(value: str | bytes) -> Iterator[Other]:
    """Lines of one form are alike: those that only some tests have must be looked at, too."""
    try:
        lines = (value if isinstance(value, str) else value.decode()).splitlines(keepends=True)
    except UnicodeDecodeError:
        yield from _halves(value)
        return
    forms = [_form(line) for line in lines]
    different = dict.fromkeys(filter(None, forms))
    if not 0 < len(different) <= _FORMS:
        yield from _halves(value)
        return
    for form in different:
        ways = [dict(_halves(line) if own == form else ()) for line, own in zip(lines, forms, strict=True)]
        for half in _HALVES:
            other = "".join(way.get(half, line) for way, line in zip(ways, lines, strict=True))
            if any(half in way for way in ways):
                yield f", of lines like {form!r}{half}", other if isinstance(value, str) else other.encode()


def _form(line: str) -> str:
    """What a line looks like, whatever its words and numbers are; "" where it has none.

    What stands within a word tells nothing: a signature has other signs each time.
    """
    form = _WORDS.sub("a", " ".join(_TOKEN.sub(_kind, token) for token in line.split()))[:_LONGEST]
    return form if "a" in form or "0" in form else ""


def _kind(token: re.Match[str]) -> str:
    return "a" if any(map(str.isalpha, token[0])) else "0"


def _halves(value: Any) -> Iterator[Other]:
    middle = len(value) // 2
    if middle:
        yield _HALVES[0], changed(value[:middle]) + value[middle:]
    if value:
        yield _HALVES[1], value[:middle] + changed(value[middle:])


def changed(value: Any) -> Any:
    """The value with all of it changed."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return _turned(value)
        case bytes():
            return _turned_bytes(value)
        case list() | tuple() | set() | frozenset():
            return type(value)(map(changed, value)) or type(value)([0])
        case dict():
            return {changed(key): changed(item) for key, item in value.items()} or {"?": 0}
        case _:
            return value


def _turned(text: str) -> str:
    """Other letters for letters and other digits for digits: lines stay lines and a name stays a name."""
    turned = _FOREIGN.sub(lambda found: "ä" if found[0] != "ä" else "ö", text.translate(_TURNED))
    return turned if turned != text else "?" * len(text) or "?"


def _turned_bytes(data: bytes) -> bytes:
    try:
        return _turned(data.decode()).encode()
    except UnicodeDecodeError:
        return bytes(byte ^ 1 for byte in data)


def other_addresses(url: str) -> Iterator[Other]:
    """Yield other addresses on the same host. What is quoted stays quoted."""
    host = _HOST.match(url)
    start = host.end() if host else 0
    pieces = _QUOTED.split(url[start:])
    turned = "".join(piece if place % 2 else piece.translate(_TURNED) for place, piece in enumerate(pieces))
    middle = start + len(turned) // 2
    turned = url[:start] + turned
    for half, other in zip(_HALVES, (turned[:middle] + url[middle:], url[:middle] + turned[middle:]), strict=True):
        if other != url:
            yield half, other


def _written(value: str | bytes) -> tuple[Any, Any] | None:
    """What a text of JSON says, and how another value is written in the same way."""
    if value[:1] not in ("{", "[", b"{", b"["):
        return None
    try:
        text = value if isinstance(value, str) else value.decode()
        parsed, bare = json.loads(text), text.rstrip()
        how = next((how for how in _SPELLINGS if json.dumps(parsed, **how) == bare), None)
    except (ValueError, RecursionError):
        return None
    return None if how is None else (parsed, functools.partial(_spelt, how, text[len(bare) :], type(value)))


def _spelt(how: dict[str, Any], end: str, kind: type, value: Any) -> str | bytes:
    text = json.dumps(value, **how) + end
    return text if kind is str else text.encode()
