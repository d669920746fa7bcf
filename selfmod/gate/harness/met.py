"""What a value that was seen meets of what a condition chooses among, inside a sandbox worker."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from numbers import Number
from typing import Any, Final

from selfmod.gate.reading import patterns
from selfmod.gate.reading.choices import Condition
from selfmod.gate.reading.halves import is_telling

_PLAIN: Final = (bool, int, float, str, bytes, list, tuple, dict, set, frozenset)
_WORKED_OUT: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "abs": lambda value, _: abs(value),
}
_LONG: Final = 100_000  # what is looked through of a text


def met(condition: Condition, value: Any) -> list[int]:
    """Return the positions of the members that a value meets."""
    return _MET[condition.kind](value, condition.members)


def itself(source: Any, value: Any) -> list[int]:
    """Whether a whole number became another one; 0 and 1 become themselves in too many ways to tell anything."""
    if type(source) is not int or type(value) is not int:
        return [1]
    return [1] if source != value else [0] if abs(source) > 1 else []


def _member(value: Any, members: tuple[Any, ...]) -> list[int]:
    plain = value is None or isinstance(value, _PLAIN)
    return [place for place, member in enumerate(members) if plain and member == value]


def _place(value: Any, members: tuple[Any, ...]) -> list[int]:
    return [place for place in range(len(members)) if value in (place, place - len(members))]


def _affix(value: Any, members: tuple[Any, ...], name: str) -> list[int]:
    return [place for place, member in enumerate(members) if getattr(value, name)(member)]


def _sign(value: Any, members: tuple[Any, ...]) -> list[int]:
    return [place for place, member in enumerate(members) if member in value[:_LONG]]


def _needle(value: Any, members: tuple[Any, ...]) -> list[int]:
    """Where it cannot be looked into, as in an object of the plugin, nothing is said."""
    plain = isinstance(value, (str, bytes, list, tuple, dict, Mapping))
    return [place for place, member in enumerate(members) if not plain or member in value]


def _pattern(value: Any, members: tuple[Any, ...]) -> list[int]:
    text, flags, method = members
    return [*patterns.met(text, flags, method, value.decode("latin-1") if isinstance(value, bytes) else value)]


def _side(value: Any, members: tuple[Any, ...]) -> list[int]:
    (limit,) = members
    return [place for place, there in enumerate((value <= limit, value >= limit)) if there]


def _same(value: Any, members: tuple[Any, ...]) -> list[int]:
    """What is no number, such as a text to fill in, is changed in another way."""
    operation, number = members
    plain = isinstance(value, Number) and not isinstance(value, bool)
    return [int(not plain or bool(_WORKED_OUT[operation](value, number) != value))]


def _given(value: Any, members: tuple[Any, ...]) -> list[int]:
    return [int(type(value) is not type(members[0]) or value != members[0])]


def _rounded(value: Any, members: tuple[Any, ...]) -> list[int]:
    return [int(float(format(value, members[0])) != value)]


_MET: Final[Mapping[str, Callable[[Any, tuple[Any, ...]], list[int]]]] = {
    "member": _member,
    "place": _place,
    "beginning": lambda value, members: _affix(value, members, "startswith"),
    "end": lambda value, members: _affix(value, members, "endswith"),
    "sign": _sign,
    "needle": _needle,
    "pattern": _pattern,
    "side": _side,
    "same": _same,
    "given": _given,
    "rounded": _rounded,
    "half": lambda value, _: [1] if is_telling(value) else [],
}
