"""What a clock shows between two whole seconds: tests set whole ones, and a real clock never does.

Calls of the tests are made again with a clock that shows something between what it shows in two others: a fraction of a
second later, with steps of a fraction, or a little later at each look. What both others agree on must be so between
them, and a number that grows with the seconds must lie between its neighbours.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sandbox.outcome import Completed, Outcome, Raised
from sandbox.outside.base import Given
from sandbox.outside.rehearsed import Exchange, Rehearsed
from sandbox.session import Session
from selfmod.gate.base import Finding, final, finding
from selfmod.gate.changes import told
from selfmod.gate.production import Call, distinct, doubles_of, fairly, production, repeatable
from selfmod.gate.subject import Subject

_CALLS: Final = 12
_CALL_S: Final = 0.75  # one that takes longer is refused by the stage cost
_SHARE: Final = 2  # of the time of a stage: all calls may take as long as that
_FRACTIONS: Final = (0.37, 0.8125)
_STEP: Final = 0.37
_TICKS: Final = (0.001, 0.00025)
_NOW: Final = frozenset({"clock.now"})
_MONOTONIC: Final = frozenset({"clock.monotonic"})
_MOST_S: Final = 2**53  # no float counts further by seconds
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_SUBSECOND: Final = (1, 2, 3, 6, 9)  # digits in which a part of a second is told
_ROUNDED: Final = 1.0 + 1e-6
_NOISE_S: Final = 1e-6  # seconds since 1970, taken from each other as floats, are no more exact

_Number = Callable[[float, float, float], bool]  # whether the second may be between the others


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """A call with a clock that shows something between what it shows in two others."""

    low: Call
    between: Call
    high: Call
    number: _Number
    rule: str
    said: str  # what the clock does in `between`
    hint: str

    def run(self, session: Session, outside: Rehearsed) -> Finding | None:
        """What is wrong between the others; nothing is known where one of them reached a ceiling."""
        outcomes: list[Outcome] = []
        for call in (self.low, self.between, self.high):
            outcomes.append(call.again(session, outside, _CALL_S))
            if not isinstance(outcomes[-1], Completed | Raised):
                return None  # the others need not be made
        low, between, high = outcomes
        if _fits(low, between, high, self.number):
            return None
        recorded = self.low.recorded
        return finding(
            self.rule,
            f"{self.said}: {recorded.function} in {recorded.test} {told(between)}, "
            f"though it {told(low)} with less time and {told(high)} with more",
            hint=self.hint,
            key=recorded.function,
        )


def between_seconds(subject: Subject) -> Iterator[Finding]:
    """The first call whose answer between two others is like neither of them."""
    recorded = subject.run.calls if subject.run else ()
    tried = [(call.recorded, trials) for call in repeatable(distinct(recorded)) if (trials := list(_trials(call)))]
    if not tried:
        return
    until, outside = time.monotonic() + subject.stage_s / _SHARE, Rehearsed(doubles_of(subject.manifest))
    with production(subject, outside) as session:
        for _, trials in fairly(tried, _CALLS, by=lambda one: one[0].function):
            for trial in trials:
                if time.monotonic() > until:
                    message = "the calls that ask for the time cannot be made again in the time there is"
                    yield final("determinism.unseen", message, hint="make them quicker, or test fewer of them")
                    return
                if found := trial.run(session, outside):
                    yield found
                    return


def _trials(call: Call) -> Iterator[_Trial]:
    yield from _later(call)
    yield from _stepping(call)
    yield from _ticking(call)


def _later(call: Call) -> Iterator[_Trial]:
    """All of it a fraction of a second later, between now and a whole second later."""
    shown = _shown(call, _NOW | _MONOTONIC)
    if not shown or not _are_whole(shown):
        return
    for fraction in _FRACTIONS:
        yield _fraction(
            call,
            _NOW | _MONOTONIC,
            [_shifted(shown, by) for by in (0.0, fraction, 1.0)],
            offset=fraction,
            said=f"it is off {fraction} s after a whole second",
            hint="set a moment with a fraction in a test: testing.outside(now=0.5)",
        )


def _stepping(call: Call) -> Iterator[_Trial]:
    """The clock that measures goes on by a fraction of its steps, between none and one, and between one and two."""
    shown = _shown(call, _MONOTONIC)
    if len(set(shown)) < 2 or not _are_whole(shown):
        return
    for factors in ((0.0, _STEP, 1.0), (1.0, 1 + _STEP, 2.0)):
        yield _fraction(
            call,
            _MONOTONIC,
            [_stretched(shown, factor) for factor in factors],
            offset=_STEP,
            said=f"it is off where clock.monotonic() takes {factors[1]} of the steps that it takes in the test",
            hint="work the same way whether whole seconds have passed or parts of them",
        )


def _fraction(
    call: Call, clock: frozenset[str], moments: Sequence[Sequence[float]], *, offset: float, said: str, hint: str
) -> _Trial:
    """A trial of what a clock shows at these moments, of which those in the middle are no whole seconds."""
    low, between, high = (_hearing(call, clock, those) for those in moments)
    number, rule = partial(_lies_in_second, offset), "determinism.fraction"
    return _Trial(low=low, between=between, high=high, number=number, rule=rule, said=said, hint=hint)


def _ticking(call: Call) -> Iterator[_Trial]:
    """Each look at the time is a little later than the one before, as real ones are; in tests the time stands still."""
    shown = _shown(call, _NOW)
    looks = len(shown) - 1
    if looks < 1:
        return
    for tick in _TICKS:
        ticking = [moment + place * tick for place, moment in enumerate(shown)]
        yield _Trial(
            low=call,
            between=_hearing(call, _NOW, ticking),
            high=_hearing(call, _NOW, _shifted(shown, looks * tick)),
            number=partial(_lies_in_ticks, tick, looks),
            rule="determinism.ticking",
            said=f"what it gives depends on how much time passes within a call, with {tick} s from look to look",
            hint="call clock.now() once in a call, and measure with clock.monotonic()",
        )


def _shown(call: Call, clock: frozenset[str]) -> list[float]:
    """What a clock showed in the test."""
    return [moment for one in call.exchanges if (moment := _moment(one, clock)) is not None]


def _moment(one: Exchange, clock: frozenset[str]) -> float | None:
    """What a clock showed at one look; None where it was not asked, or for what no clock shows."""
    value = one.answer.value if one.ask.op in clock and isinstance(one.answer, Given) else None
    return float(value) if isinstance(value, int | float) and abs(value) < _MOST_S else None


def _are_whole(shown: Sequence[float]) -> bool:
    return all(map(float.is_integer, shown))


def _hearing(call: Call, clock: frozenset[str], moments: Sequence[float]) -> Call:
    """The same call, with a clock that shows other moments."""
    left = iter(moments)
    heard = tuple(
        one if _moment(one, clock) is None else replace(one, answer=Given(value=next(left))) for one in call.exchanges
    )
    return replace(call, recorded=replace(call.recorded, exchanges=heard))


def _shifted(shown: Sequence[float], seconds: float) -> list[float]:
    return [moment + seconds for moment in shown]


def _stretched(shown: Sequence[float], factor: float) -> list[float]:
    return [shown[0] + (moment - shown[0]) * factor for moment in shown]


def _fits(low: Outcome, between: Outcome, high: Outcome, number: _Number) -> bool:
    """Whether a call may end so between two others."""
    if isinstance(low, Completed) and isinstance(between, Completed) and isinstance(high, Completed):
        return _lies(low.value, between.value, high.value, number)
    return _raised(low) != _raised(high) or _raised(between) == _raised(low)


def _raised(outcome: Outcome) -> str:
    return outcome.kind if isinstance(outcome, Raised) else ""


def _lies(low: object, value: object, high: object, number: _Number) -> bool:
    """Return whether a value may be what comes between two others, leaf by leaf; of numbers `number` knows that."""
    match low, value, high:
        case (str(), str(), str()):
            return _lies_in_text(low, value, high, number)
        case (bool(), bool(), bool()):
            return value in (low, high)
        case (int() | float(), int() | float(), int() | float()):
            return number(low, value, high)
        case (list() | tuple(), list() | tuple(), list() | tuple()) if len(low) == len(high):
            return len(value) == len(low) and all(map(_lies, low, value, high, [number] * len(low)))
        case (Mapping(), Mapping(), Mapping()) if low.keys() == high.keys():
            same = value.keys() == low.keys()
            return same and all(_lies(low[key], value[key], high[key], number) for key in low)
        case _:
            return low != high or value == low


def _lies_in_text(low: str, value: str, high: str, number: _Number) -> bool:
    """The same of the numbers in texts that are otherwise equal; of other texts nothing is known."""
    if _NUMBER.sub("0", low) != _NUMBER.sub("0", high):
        return True
    rows = [[float(found) for found in _NUMBER.findall(text)] for text in (low, value, high)]
    return _NUMBER.sub("0", value) == _NUMBER.sub("0", low) and all(map(number, *rows))


def _lies_in_second(offset: float, low: float, value: float, high: float) -> bool:
    """Of a clock that is so much later than the first, where the last is a second later."""
    if abs(high - low) > _ROUNDED or any(abs(value - offset * 10**digits) < _ROUNDED for digits in _SUBSECOND):
        return True  # it is told in smaller parts than seconds
    slack = 0.0 if low == high else _ROUNDED
    return min(low, high) - slack <= value <= max(low, high) + slack


def _lies_in_ticks(tick: float, looks: int, low: float, value: float, high: float) -> bool:
    """Of a clock that ticks: it may count what passed within the call, which was nothing in both others."""
    slack = tick * looks + _NOISE_S
    if min(low, high) - slack <= value <= max(low, high) + slack:
        return True
    units = [10**digits for digits in _SUBSECOND]
    return low == high == 0 and any(
        _is_told(abs(value), tick * passed, unit) for passed in range(1, looks + 1) for unit in units
    )


def _is_told(value: float, seconds: float, unit: int) -> bool:
    """Whether a number is so many seconds, told in such parts of a second, perhaps in full ones."""
    parts = seconds * unit
    return abs(value - parts) <= _NOISE_S * unit or value in (int(parts), round(parts))
