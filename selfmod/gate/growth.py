"""How calls of the tests are made larger: each argument in turn, by place or by name, in the ways its kind can grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sandbox.outside.rehearsed import Exchange
from selfmod.gate.production import Call

Grown = Callable[[int], object]

SIZES = (64, 256, 1024, 2048)
# A number is its own size: what is exponential in it does not come back from the last of these, what is cubic does.
NUMBERS = (16, 32, 64)
_FUNCTIONS = 12
_JOINERS = ("", " ", ",", "\n")
_FOREIGN = "\x00"  # at the end of a text: a pattern that matched so far has to try all other ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A call whose argument at `place`, a position or a name, can be made larger."""

    function: str
    args: Sequence[object]
    named: dict[str, object]
    place: int | str
    exchanges: Sequence[Exchange] = field(default=(), repr=False)

    @property
    def value(self) -> object:
        """The argument as the test gave it."""
        return self.args[self.place] if isinstance(self.place, int) else self.named[self.place]

    @property
    def shown(self) -> str:
        """What the argument is called."""
        return str(self.place + 1) if isinstance(self.place, int) else self.place

    def grown(self, value: object) -> tuple[list[object], dict[str, object]]:
        """The arguments with another value in that place."""
        if isinstance(self.place, str):
            return list(self.args), {**self.named, self.place: value}
        return [*self.args[: self.place], value, *self.args[self.place + 1 :]], self.named


def probes(calls: Sequence[Call]) -> list[Probe]:
    """For each function and argument, the largest that a test gave."""
    found: dict[tuple[str, int | str], Probe] = {}
    for call in calls:
        if call.recorded.outcome not in ("returned", "large"):
            continue
        function = call.recorded.function
        given: list[tuple[int | str, object]] = [*enumerate(call.args), *call.named.items()]
        for place, value in given:
            known = found.get((function, place))
            if _length(value) > (_length(known.value) if known else 0):
                found[function, place] = Probe(
                    function=function, args=call.args, named=call.named, place=place, exchanges=call.exchanges
                )
    return list(found.values())[:_FUNCTIONS]


def sizes_of(value: object) -> tuple[int, ...]:
    """The sizes that are tried of a value."""
    return NUMBERS if isinstance(value, int) else SIZES


def ways(value: object) -> Iterator[Grown]:
    """How a value can be made of a certain size."""
    match value:
        case bool():
            return
        case int():
            yield lambda size: size
        case str():
            yield from _texts(value)
        case list():
            yield from _lists(value)
        case dict():
            yield from _dicts(value)
        case set() | frozenset():
            kind = type(value)
            yield lambda size: kind(_names(next(iter(value)), size))
        case _:
            return


def _length(value: object) -> int:
    if isinstance(value, bool):
        return 0
    return abs(value) if isinstance(value, int) else len(value) if isinstance(value, str | list | dict | set) else 0


def _texts(value: str) -> Iterator[Grown]:
    for joiner in _JOINERS:
        yield lambda size, joiner=joiner: _long_text(value, joiner, size)  # type: ignore[misc]
    yield lambda size: value[0] * (size - 1) + _FOREIGN


def _lists(value: list[object]) -> Iterator[Grown]:
    if all(type(item) is int for item in value):
        yield lambda size: list(range(size))
        yield lambda size: list(range(size, 0, -1))
        yield lambda size: value[:1] * size
    else:
        yield lambda size: (value * size)[:size]


def _dicts(value: dict[object, object]) -> Iterator[Grown]:
    """More of the same; and where values hold names, a chain in which each name leads to the next two."""
    held = list(value.values())
    yield lambda size: {key: held[n % len(held)] for n, key in enumerate(_names(next(iter(value)), size))}
    if isinstance(held[0], list | tuple | set) and all(type(item) is type(next(iter(value))) for item in held[0]):
        yield lambda size: _chain(_names(next(iter(value)), size), type(held[0]))


def _chain(names: Sequence[object], kind: Callable[[Sequence[object]], object]) -> dict[object, object]:
    return {name: kind(names[n + 1 : n + 3]) for n, name in enumerate(names)}


def _names(first: object, size: int) -> list[object]:
    """So many different values of the kind of the first, and the first itself."""
    if isinstance(first, str):
        return [first, *(f"{first}{n}" for n in range(1, size))]
    return [first + n for n in range(size)] if isinstance(first, int) else [first]


def _long_text(value: str, joiner: str, size: int) -> str:
    return joiner.join([value] * (size // (len(value) + len(joiner)) + 1))[:size]
