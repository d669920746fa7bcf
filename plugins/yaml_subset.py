"""The part of YAML that a manifest is written in: plain data with places, and nothing that means two things.

No anchors, aliases, tags, directives, second documents, duplicate or complex keys, and no hidden characters. The text
is read event by event and given up at the first limit: a parser left to itself takes minutes over nested brackets.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Data: TypeAlias = "bool | int | float | str | list[Data] | dict[str, Data] | None"
Place = tuple[int, int]  # line and column, both from 1
Path = tuple[str | int, ...]

MAX_BYTES = 16 * 1024
MAX_DEPTH = 12
MAX_NODES = 2000
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]{1,3})?|[-+]?[0-9]+[eE][-+]?[0-9]{1,3}")
_WORDS: dict[str, Data] = {"": None, "~": None, "null": None, "true": True, "false": False}


class YamlError(ValueError):
    """The text is outside the subset: `rule` says how, `line` and `column` (from 1) where."""

    def __init__(self, rule: str, message: str, line: int = 1, column: int = 1) -> None:
        self.rule, self.message, self.line, self.column = rule, message, line, column
        super().__init__(f"line {line}, column {column}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The data of a text, and where each value (and each key) stands."""

    data: Data
    places: Mapping[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Return where `path` stands, or the nearest thing around it that is in the text."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


def read(data: bytes) -> Document:
    """Read `data`; raise `YamlError` for whatever is not in the subset."""
    text = _decoded(data)
    reader = _Reader(_events(text))
    reader.document()
    return Document(data=reader.data, places=reader.places)


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise YamlError("too-large", f"{len(data)} bytes; at most {MAX_BYTES} are read")
    try:
        text = data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError("not-utf8", "not valid UTF-8", line) from error
    for number, line_text in enumerate(text.split("\n"), start=1):
        _no_hidden(line_text, number, 1)
    return text


def _no_hidden(text: str, line: int, column: int) -> None:
    """Refuse what a person would not see: it could make the manifest say something else than it shows."""
    for offset, character in enumerate(text):
        if character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            name = f"U+{ord(character):04X}"
            raise YamlError("hidden-character", f"the character {name} cannot be seen", line, column + offset)


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(error.problem or error.context)
        # A sentence such as "Note: this" is taken for another name and its value.
        hint = '; a value with ": " in it stands in quotes' if "mapping values" in problem or "':'" in problem else ""
        raise YamlError("syntax", f"not YAML: {problem}{hint}", *place) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise YamlError("syntax", f"not YAML: {type(error).__name__}") from error


class _Reader:
    """Builds data from events, one node at a time, refusing at the first thing outside the subset."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.places: dict[Path, Place] = {}
        self.data: Data = None
        self.nodes = 0

    def document(self) -> None:
        self._next()  # start of the stream
        event, kind = self._next()
        if kind == "StreamEnd":
            raise YamlError("empty", "the manifest is empty")
        if event.version or event.tags:
            raise YamlError("directive", "directives (%YAML, %TAG) are not used here")
        self.data = self._node(*self._next(), ())
        self._next()  # end of the document
        event, kind = self._next()
        if kind != "StreamEnd":
            raise YamlError("documents", "there must be one document only", *_place(event))

    def _next(self) -> tuple[Any, str]:
        event = next(self.events)
        return event, type(event).__name__.removesuffix("Event")

    def _node(self, event: Any, kind: str, path: Path) -> Data:
        place = _place(event)
        self.places.setdefault(path, place)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise YamlError("too-large", f"more than {MAX_NODES} values", *place)
        if len(path) > MAX_DEPTH:
            raise YamlError("too-deep", f"nested deeper than {MAX_DEPTH}", *place)
        if kind == "Alias":
            raise YamlError("alias", f"aliases are not used here: *{event.anchor}", *place)
        if event.anchor is not None:
            raise YamlError("anchor", f"anchors are not used here: &{event.anchor}", *place)
        if event.tag is not None:
            raise YamlError("tag", f"tags are not used here: {event.tag}", *place)
        match kind:
            case "MappingStart":
                return self._mapping(path)
            case "SequenceStart":
                return self._sequence(path)
            case _:
                return _scalar(event, place)

    def _mapping(self, path: Path) -> dict[str, Data]:
        found: dict[str, Data] = {}
        while True:
            event, kind = self._next()
            if kind == "MappingEnd":
                return found
            place = _place(event)
            if kind != "Scalar":
                self._node(event, kind, (*path, "?"))  # an alias or a tag says so first
                raise YamlError("complex-key", "a key must be a plain word", *place)
            key = self._node(event, kind, (*path, event.value))
            if not isinstance(key, str):
                raise YamlError("complex-key", "a key must be a word; put quotes around it", *place)
            if key in found:
                raise YamlError("duplicate-key", f"{key!r} is there twice", *place)
            self.places[(*path, key)] = place
            found[key] = self._node(*self._next(), (*path, key))

    def _sequence(self, path: Path) -> list[Data]:
        found: list[Data] = []
        while True:
            event, kind = self._next()
            if kind == "SequenceEnd":
                return found
            found.append(self._node(event, kind, (*path, len(found))))


def _place(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _scalar(event: Any, place: Place) -> Data:
    """Give a scalar its value by the YAML 1.2 core rules; a number of over 18 digits stays text, for no schema."""
    value: str = event.value
    _no_hidden(value, *place)  # an escape such as "\u202E" is only seen here
    if event.style is not None:
        return value
    if value in _WORDS:
        return _WORDS[value]
    if _INTEGER.fullmatch(value):
        return int(value)
    if _FLOAT.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    return value
