"""What a plugin writes and sends, seen where it leaves the SDK, with another value in its place when that is tried."""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from sandbox.outside.doubles import Doubles
from selfmod.gate.harness.others import Other, other_addresses, others
from selfmod.gate.reading.fixed import Fixed

# What leaves the plugin, by operation and by what it is called in there; and what the SDK calls it.
_LEAVING: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "storage.set": {"key": ("key",), "value": ("value",)},
    "files.write": {"path": ("path",), "data": ("data", "text")},
    "http.request": {"url": ("url", "params"), "headers": ("headers",), "body": ("json", "body")},
    "http.body": {"data": ("json", "body")},
    "tcp.send": {"data": ("data",)},
}
_NAME: Final = 60
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Effect:
    """One part of what one place of the plugin gives to the outside: `line` calls the SDK, called from `caller`."""

    line: int
    caller: int
    op: str
    name: str
    part: str

    def told(self) -> list[Any]:
        """As JSON."""
        return [self.line, self.caller, self.op, self.name, self.part]


class Effects:
    """Looks on at what passes from a plugin to its doubles. `changed` is the part that is another one now.

    It is so every time or, where a second change could undo the first, `once` in a test.
    """

    def __init__(self, tree: ast.Module, entry: str, tests: str) -> None:
        self._fixed, self._entry, self._tests = Fixed(tree), entry, tests
        self.seen: dict[Effect, None] = {}
        self.changed: Effect | None = None
        self.once = False
        self._times = 0

    def begin(self) -> None:
        """Begin with another test."""
        self.seen.clear()
        self._times = 0

    def take(self, doubles: Doubles, op: str, argument: Any) -> Any:
        """Note what is asked, and give back what the doubles are to be asked instead."""
        known = doubles.store.values.get(argument["key"]) if op == "storage.set" else None
        for effect, other in self._effects(op, argument, known):
            if self.changed is None:
                self.seen[effect] = None
            elif effect == self.changed:
                self._times += 1
                return argument if self.once and self._times > 1 else other
        return argument

    def _effects(self, op: str, argument: Any, known: Any) -> Iterator[tuple[Effect, Any]]:
        frames = self._frames() if op in _LEAVING else []
        if not frames:
            return
        end = _end(frames[0])
        line, caller = self._fixed.line(end) or frames[0].f_lineno, frames[-1].f_lineno
        key = argument.get("key", "")
        name = key[:_NAME] if key in self._fixed.texts else ""
        for field, names in _LEAVING[op].items():
            same = self._fixed.same(end, names)
            place = (same, same) if same else (line, caller)
            for part, other in self._others(field, argument.get(field), known):
                if not self._fixed.has(end, names, part):
                    yield Effect(*place, op, name, f"{field}{part}"), {**argument, field: other}

    def _others(self, field: str, value: Any, known: Any) -> Iterator[Other]:
        if field == "headers":  # that of JSON is the SDK's
            theirs = {key: kind for key, kind in value.items() if (key.lower(), kind) == ("content-type", _JSON)}
            own = {key: item for key, item in value.items() if key not in theirs}
            return ((part, {**theirs, **other}) for part, other in others(own, self._fixed.texts))
        if field == "url":
            return other_addresses(value)
        if field == "path":
            return ((part, value[:2] + other) for part, other in others(value[2:], ()))
        return others(value, self._fixed.texts, known if field == "value" else None)

    def _frames(self) -> list[FrameType]:
        """The frames of the plugin, the innermost first; none where it is the tests themselves who ask."""
        frames: list[FrameType] = []
        frame: FrameType | None = sys._getframe()  # noqa: SLF001 - who asks is not told
        while frame is not None:
            if frame.f_code.co_filename == self._entry:
                frames.append(frame)
            elif frame.f_code.co_filename.startswith(self._tests) and not frames:
                break
            frame = frame.f_back
        return frames


def _end(frame: FrameType) -> tuple[int, int]:
    """Where the call ends that a frame is at: no two end in the same place."""
    places = frame.f_code.co_positions()
    _, line, _, column = next(itertools.islice(places, frame.f_lasti // 2, None))
    return line or 0, column or 0
