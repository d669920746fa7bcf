"""The values that cross the boundary: plain data, as JSON with tags for what JSON lacks.

Only exact types cross: a subclass would arrive as something else than was sent, and the oracle compares types.
"""

from __future__ import annotations

import base64
import binascii
import math
import sys
from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_DEPTH: Final = 60
MAX_NODES: Final = 500_000
# Python refuses to parse longer decimal integers; a longer one could be sent but never received.
_MAX_INTEGER_BITS: Final = 14_000
# Hashes of numbers are no secret: a set of some that all have the same one takes its size squared to make, and one of
# sets of those takes the square at each level. So there are few of them in one set, and not many comparisons in all.
_MOST_ALIKE: Final = 32
_MOST_COMPARED: Final = MAX_NODES
# So many bytes are compared in about the time that a comparison takes by itself.
_AT_ONCE: Final = 64
_LEAST_SMALL, _MOST_SMALL = -(1 << 62), 1 << 62
_FLOATS: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode(value: object) -> Json:
    """Return tagged JSON for `value`; raise ValueError that names the type which cannot cross."""
    return value if _plain(value) else _Encoder().encode(value, 0)  # type: ignore[return-value]


def decode(json: object) -> object:
    """Return the value that tagged JSON stands for; raise ValueError for anything `encode` would not have made."""
    return json if _plain(json) else _Decoder().decode(json, 0)


def _plain(value: object) -> bool:
    """Tell whether a value surely stands for itself: most that cross are small, and need no more than this look."""
    kind = type(value)
    if kind is int:
        return _LEAST_SMALL < value < _MOST_SMALL  # type: ignore[operator]
    if kind is str:
        return value.isascii()  # type: ignore[attr-defined, no-any-return]
    return value is None or kind is bool


class _Bounded:
    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes = 0

    def count(self, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        if self.nodes > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES} parts")


class _Encoder(_Bounded):
    __slots__ = ()

    def encode(self, value: object, depth: int) -> Json:
        self.count(depth)
        kind = type(value)
        if value is None or kind is bool:
            return value  # type: ignore[return-value]
        encoder = _ENCODERS.get(kind)
        if encoder is None:
            raise ValueError(f"a value of type {kind.__name__} cannot leave the sandbox; return plain data")
        return encoder(self, value, depth + 1)

    def integer(self, value: int, _: int) -> Json:
        return _check_integer(value)

    def real(self, value: float, _: int) -> Json:
        if math.isfinite(value):
            return value
        return {"$float": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}

    def text(self, value: str, _: int) -> Json:
        try:
            value.encode()
        except UnicodeEncodeError as problem:
            raise ValueError("a str with a lone surrogate cannot leave the sandbox") from problem
        return value

    def binary(self, value: bytes, _: int) -> Json:
        return {"$bytes": base64.b64encode(value).decode()}

    def sequence(self, value: list[object], depth: int) -> Json:
        return [self.encode(item, depth) for item in value]

    def tuple(self, value: tuple[object, ...], depth: int) -> Json:
        return {"$tuple": [self.encode(item, depth) for item in value]}

    def set(self, value: set[object], depth: int) -> Json:
        return {"$set": [self.encode(item, depth) for item in _ordered(value)]}

    def frozenset(self, value: frozenset[object], depth: int) -> Json:
        return {"$frozenset": [self.encode(item, depth) for item in _ordered(value)]}

    def mapping(self, value: dict[object, object], depth: int) -> Json:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {self.text(str(key), 0): self.encode(item, depth) for key, item in value.items()}  # type: ignore[misc]
        pairs: list[Json] = [[self.encode(key, depth), self.encode(item, depth)] for key, item in value.items()]
        return {"$dict": pairs}


_ENCODERS: Final[dict[type, Callable[..., Json]]] = {
    int: _Encoder.integer,
    float: _Encoder.real,
    str: _Encoder.text,
    bytes: _Encoder.binary,
    list: _Encoder.sequence,
    tuple: _Encoder.tuple,
    set: _Encoder.set,
    frozenset: _Encoder.frozenset,
    dict: _Encoder.mapping,
}


def _ordered(items: set[object] | frozenset[object]) -> list[object]:
    """Give sets one order, so that equal values have equal encodings whatever the hash seed."""
    return sorted(items, key=lambda item: (type(item).__name__, repr(item)))


class _Decoder(_Bounded):
    __slots__ = ("compared",)

    def __init__(self) -> None:
        super().__init__()
        self.compared = 0

    def decode(self, json: object, depth: int) -> object:
        self.count(depth)
        match json:
            case None | bool() | float() | str():
                return self.plain(json)
            case int():
                return _check_integer(json)
            case list():
                return self.items(json, depth)
            case dict():
                return self.tagged(json, depth)
            case _:
                raise ValueError(f"{type(json).__name__} is not JSON")

    def plain(self, json: object) -> object:
        if isinstance(json, float) and not math.isfinite(json):
            raise ValueError("a number that JSON does not have")
        if isinstance(json, str):
            _check_text(json)
        return json

    def items(self, json: object, depth: int) -> list[object]:
        if not isinstance(json, list):
            raise ValueError("a tag without its list")  # noqa: TRY004 (one kind of error for bad data)
        return [self.decode(item, depth + 1) for item in json]

    def tagged(self, json: dict[object, object], depth: int) -> object:
        tags = [key for key in json if not isinstance(key, str) or key.startswith("$")]
        if not tags:
            return {_check_text(str(key)): self.decode(item, depth + 1) for key, item in json.items()}
        if len(json) != 1:
            raise ValueError("a tag beside other keys")
        tag, content = tags[0], json[tags[0]]
        match tag:
            case "$tuple":
                return tuple(self.items(content, depth))
            case "$set":
                return set(self.hashable(self.items(content, depth)))
            case "$frozenset":
                return frozenset(self.hashable(self.items(content, depth)))
            case "$bytes":
                return _binary(content)
            case "$float":
                return _special(content)
            case "$dict":
                return self.pairs(content, depth)
            case _:
                raise ValueError("an unknown tag")

    def pairs(self, content: object, depth: int) -> dict[object, object]:
        pairs = [pair for pair in self.items(content, depth) if isinstance(pair, list) and len(pair) == 2]
        if not isinstance(content, list) or len(pairs) != len(content):
            raise ValueError("$dict without its pairs")
        keys = self.hashable([pair[0] for pair in pairs])
        return dict(zip(keys, (pair[1] for pair in pairs), strict=True))

    def hashable(self, items: list[object]) -> list[object]:
        try:
            alike = Counter(map(hash, items))
        except TypeError as problem:
            raise ValueError("an item that cannot be hashed") from problem
        if max(alike.values(), default=0) > _MOST_ALIKE:
            raise ValueError(f"more than {_MOST_ALIKE} items with the same hash")
        if len(alike) != len(items):
            for item in items:
                if alike[hash(item)] > 1:
                    self.compare(item, alike[hash(item)])
        if len(set(items)) != len(items):
            raise ValueError("an item twice")
        return items

    def compare(self, item: object, times: int) -> None:
        """Count what it takes to compare an item so many times with another that has the same hash, before it is done.

        The items of a set are each compared with all of the other set that have the same hash.
        """
        self.compared += times * (1 + sys.getsizeof(item) // _AT_ONCE)
        if self.compared > _MOST_COMPARED:
            raise ValueError(f"more than {_MOST_COMPARED} comparisons of items with the same hash")
        if isinstance(item, tuple):
            for part in item:
                self.compare(part, times)
        elif isinstance(item, frozenset):
            alike = Counter(map(hash, item))
            for part in item:
                self.compare(part, times * alike[hash(part)])


def _check_integer(value: int) -> int:
    if value.bit_length() > _MAX_INTEGER_BITS:
        raise ValueError(f"an int of {value.bit_length()} bits is too large")
    return value


def _check_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise ValueError("a text with a lone surrogate") from problem
    return text


def _binary(content: object) -> bytes:
    if not isinstance(content, str):
        raise ValueError("$bytes without its text")  # noqa: TRY004 (one kind of error for bad data)
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ValueError("$bytes that is not base64") from problem


def _special(content: object) -> float:
    if not isinstance(content, str) or content not in _FLOATS:
        raise ValueError("an unknown $float")
    return _FLOATS[content]
