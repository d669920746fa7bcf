"""What a clock shows between two whole seconds: tests set whole ones, and a real clock never does.

Calls of the tests are made again with their clock a fraction later, and a whole second later. What both whole seconds
agree on must be so between them, and a number that grows with the seconds must lie between its neighbours.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sandbox.outcome import Completed
from sandbox.outside.base import Given
from sandbox.outside.rehearsed import Exchange, Rehearsed
from selfmod.gate.base import Finding, finding
from selfmod.gate.changes import told
from selfmod.gate.production import Call, doubles_of, production, repeatable
from selfmod.gate.subject import Subject

_CALLS: Final = 12
_CALL_S: Final = 0.25
_SHARE: Final = 5  # of the time of a stage
_FRACTIONS: Final = (0.37, 0.8125)
_CLOCK: Final = frozenset({"clock.now", "clock.monotonic"})
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_SUBSECOND: Final = (1, 2, 3, 6, 9)  # digits in which a part of a second is told
_ROUNDED: Final = 1.0 + 1e-6


def between_seconds(subject: Subject) -> Iterator[Finding]:
    """The first call whose answer between two whole seconds is like at neither of them."""
    calls = [one for one in repeatable(subject.run.calls if subject.run else ()) if _is_whole(one.exchanges)]
    if not calls:
        return
    until, outside = time.monotonic() + subject.stage_s / _SHARE, Rehearsed(doubles_of(subject.manifest))
    with production(subject, outside) as session:
        for call in calls[:_CALLS]:
            if time.monotonic() > until:
                return
            ended = [_at(call, offset).again(session, outside, _CALL_S) for offset in (0.0, 1.0, *_FRACTIONS)]
            values = [one.value for one in ended if isinstance(one, Completed)]
            if len(values) < len(ended):
                continue
            for offset, value, outcome in zip(_FRACTIONS, values[2:], ended[2:], strict=True):
                if not _lies(values[0], value, values[1], offset):
                    yield finding(
                        "determinism.fraction",
                        f"{call.recorded.function} in {call.recorded.test} {told(ended[0])}; {offset} s later it "
                        f"{told(outcome)}, and a second later it {told(ended[1])}",
                        hint="set a moment with a fraction in a test: testing.outside(now=0.5)",
                        key=call.recorded.function,
                    )
                    return


def _is_whole(exchanges: Sequence[Exchange]) -> bool:
    """Return whether a call asked the clock, and was told whole seconds only."""
    told_s = [one.answer.value for one in exchanges if one.ask.op in _CLOCK and isinstance(one.answer, Given)]
    return bool(told_s) and all(isinstance(one, int | float) and one == int(one) for one in told_s)


def _at(call: Call, offset: float) -> Call:
    """The same call, so much later."""
    later = tuple(_later(one, offset) if one.ask.op in _CLOCK else one for one in call.exchanges)
    return replace(call, recorded=replace(call.recorded, exchanges=later))


def _later(one: Exchange, offset: float) -> Exchange:
    value: Any = one.answer.value if isinstance(one.answer, Given) else 0.0
    return replace(one, answer=Given(value=float(value) + offset))


def _lies(low: object, value: object, high: object, offset: float) -> bool:
    """Return whether a value may be what comes between two others, of a clock that is so much later than the first."""
    match low, value, high:
        case (str(), str(), str()):
            return _lies_in_text(low, value, high, offset)
        case (bool(), bool(), bool()):
            return value in (low, high)
        case (int() | float(), int() | float(), int() | float()):
            return _lies_as_number(low, value, high, offset)
        case (list() | tuple(), list() | tuple(), list() | tuple()) if len(low) == len(high):
            return len(value) == len(low) and all(map(_lies, low, value, high, [offset] * len(low)))
        case (Mapping(), Mapping(), Mapping()) if low.keys() == high.keys():
            same = value.keys() == low.keys()
            return same and all(_lies(low[key], value[key], high[key], offset) for key in low)
        case _:
            return low != high or value == low


def _lies_in_text(low: str, value: str, high: str, offset: float) -> bool:
    """The same of the numbers in texts that are otherwise equal; of other texts nothing is known."""
    if _NUMBER.sub("0", low) != _NUMBER.sub("0", high):
        return True
    rows = [[float(number) for number in _NUMBER.findall(text)] for text in (low, value, high)]
    return _NUMBER.sub("0", value) == _NUMBER.sub("0", low) and all(
        map(_lies_as_number, *rows, [offset] * len(rows[0]))
    )


def _lies_as_number(low: float, value: float, high: float, offset: float) -> bool:
    if abs(high - low) > _ROUNDED or any(abs(value - offset * 10**digits) < _ROUNDED for digits in _SUBSECOND):
        return True  # it is told in smaller parts than seconds
    slack = 0.0 if low == high else _ROUNDED
    return min(low, high) - slack <= value <= max(low, high) + slack
