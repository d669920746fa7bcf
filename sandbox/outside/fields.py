"""The arguments of asks: hostile data, read field by field with exact types."""

from __future__ import annotations

import re
from typing import Final

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*\Z")
_MAX_HEADERS: Final = 64
_MAX_HEADER: Final = 8192


class Fields:
    """The argument of one ask; every reader raises ValueError when the field is missing or of another type."""

    def __init__(self, argument: object) -> None:
        if type(argument) is not dict:
            raise ValueError("an ask takes named fields")
        self._fields = argument

    def text(self, name: str, most: int = 4096) -> str:
        """A text of at most `most` characters."""
        value = self._fields.get(name)
        if type(value) is not str or len(value) > most:
            raise ValueError(f"{name} must be a text of at most {most} characters")
        return value

    def data(self, name: str, most: int) -> bytes:
        """Bytes, or nothing for None."""
        value = self._fields.get(name)
        if value is None:
            return b""
        if type(value) is not bytes or len(value) > most:
            raise ValueError(f"{name} must be at most {most} bytes")
        return value

    def integer(self, name: str, low: int, high: int) -> int:
        """An integer within bounds."""
        value = self._fields.get(name)
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"{name} must be an integer from {low} to {high}")
        return value

    def seconds(self, name: str, most: float) -> float:
        """A positive time, cut to `most`."""
        value = self._fields.get(name, most)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise ValueError(f"{name} must be a positive number of seconds")
        return float(min(value, most))

    def fraction(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ValueError(f"{name} must be a number from 0 to 1")
        return float(value)

    def flag(self, name: str) -> bool:
        """A truth value."""
        value = self._fields.get(name)
        if type(value) is not bool:
            raise ValueError(f"{name} must be true or false")
        return value

    def value(self, name: str) -> object:
        """Any plain value."""
        if name not in self._fields:
            raise ValueError(f"{name} is missing")
        return self._fields[name]

    def headers(self, name: str) -> dict[str, str]:
        """Header names to values."""
        value = self._fields.get(name)
        if type(value) is not dict or len(value) > _MAX_HEADERS:
            raise ValueError(f"{name} must hold at most {_MAX_HEADERS} headers")
        for key, content in value.items():
            if type(key) is not str or type(content) is not str or len(key) + len(content) > _MAX_HEADER:
                raise ValueError(f"{name} must map texts to texts")
            if not _HEADER_NAME.match(key) or not _HEADER_VALUE.match(content):
                raise ValueError(f"{name} must hold header names, and values of one line of Latin-1")
        return dict(value)
