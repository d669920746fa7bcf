"""What comes through a bound one by one, seen while it does, inside a sandbox worker.

A generator is gone through once, by the plugin: whoever looks on hands it on and notes what it sees. What is asked of
each member by a function is seen in the same way.
"""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from collections.abc import Set as AbstractSet
from typing import Any, Final

from selfmod.gate.reading.choices import Condition

_LONG: Final = 100_000  # members of a row that are looked at
_RINGS: Final = 1000  # that are kept to be looked at later

Look = Callable[[Any], bool]  # at one member after the other; whether it shows what was to be seen


class Rows:
    """Looks on as rows are gone through."""

    def __init__(self) -> None:
        self._rings: deque[tuple[deque[Any], set[int]]] = deque()

    def follow(self, one: Condition, value: Any, seen: set[int]) -> Any:
        """Return a value, or what gives the same; `seen` has 1 as soon as the condition is met."""
        if one.kind == "ring":
            self._keep(value, seen)
            return value
        if isinstance(value, Sized):
            with contextlib.suppress(Exception):  # what the plugin's own values do when they are asked is its business
                seen.update(_SIZED[one.kind](value, one.members))
            return value
        look = _safe(_LOOKS[one.kind](one.members), seen)
        if isinstance(value, Iterator):
            return _passed(value, look)
        if callable(value):
            return _asked(value, look)
        seen.add(1)  # of what cannot be looked into, nothing is said
        return value

    def end(self) -> None:
        """Look at what was kept, now that nothing more comes into it."""
        while self._rings:
            ring, seen = self._rings.popleft()
            seen.update([1] if len(ring) == ring.maxlen else [])

    def _keep(self, ring: Any, seen: set[int]) -> None:
        if not isinstance(ring, deque):
            return
        self._rings.append((ring, seen))
        if len(self._rings) > _RINGS or len(ring) == ring.maxlen:
            self.end()


def _passed(items: Iterator[Any], look: Callable[[Any], None]) -> Iterator[Any]:
    for item in items:
        look(item)
        yield item


def _asked(function: Callable[..., Any], look: Callable[[Any], None]) -> Callable[..., Any]:
    @functools.wraps(function, updated=())
    def asked(*args: Any) -> Any:
        answer = function(*args)
        look(answer)
        return answer

    return asked


def _safe(look: Look, seen: set[int]) -> Callable[[Any], None]:
    def noted(item: Any) -> None:
        if 1 not in seen:
            with contextlib.suppress(Exception):  # members may fail when they are compared or put into a set
                seen.update([1] if look(item) else [])

    return noted


def _count(members: tuple[Any, ...]) -> Look:
    """That many were taken: of more than that, nothing can be seen before it is taken."""
    left = iter(range(members[0] - 1))
    return lambda _: next(left, None) is None


def _again(_: tuple[Any, ...]) -> Look:
    before: set[Any] = set()

    def look(item: Any) -> bool:
        known = item in before
        before.add(item)
        return known

    return look


def _after(_: tuple[Any, ...]) -> Look:
    last: list[Any] = []

    def look(item: Any) -> bool:
        same = last == [item]
        last[:] = [item]
        return same

    return look


def _answer(members: tuple[Any, ...]) -> Look:
    return lambda answer: bool(answer) is members[0]


def _any(items: Iterable[Any], look: Look) -> list[int]:
    return [int(any(look(item) for item, _ in zip(items, range(_LONG), strict=False)))]


_LOOKS: Final[Mapping[str, Callable[[tuple[Any, ...]], Look]]] = {
    "cut": _count,
    "full": _count,
    "twice": _again,
    "neighbours": _after,
    "dropped": _answer,
}
_SIZED: Final[Mapping[str, Callable[[Any, tuple[Any, ...]], list[int]]]] = {
    "cut": lambda value, members: [int(len(value) > members[0])],
    "full": lambda value, members: [int(len(value) >= members[0])],
    # What cannot have anything twice is made a set for another reason, as for its operations.
    "twice": lambda value, members: [1] if isinstance(value, AbstractSet | Mapping) else _any(value, _again(members)),
    "neighbours": lambda value, members: _any(value, _after(members)),
    "dropped": lambda *_: [1],
}
FOLLOWED: Final = frozenset({*_LOOKS, "ring"})
