"""What a plugin keeps from one call to the next, told by what its calls give, however it is kept.

Calls of the tests that were given and heard the same must have ended the same. Then they are made again in production
workers: last ones first and each twice, and each alone in a worker of its own. One that ends otherwise than under the
tests remembers another call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

from sandbox.outcome import Completed, Outcome, Raised
from sandbox.outside.rehearsed import Rehearsed
from selfmod.gate.base import Finding, final, finding
from selfmod.gate.changes import told
from selfmod.gate.production import (
    Call,
    distinct,
    doubles_of,
    fairly,
    given,
    may_differ,
    otherwise,
    production,
    repeatable,
    written,
)
from selfmod.gate.subject import RecordedCall, Subject

_ALONE: Final = 12  # calls that get a worker of their own
_SHARE: Final = 4  # of the time of a stage, for each way of making them again
_HINT: Final = "take what a result depends on as a parameter, or keep it in the storage of the SDK"
_QUICKER: Final = "make what the tests call quicker, or call it less often"


def remembered(subject: Subject, calls: tuple[RecordedCall, ...]) -> Iterator[Finding]:
    """The first call that gives something else because of other calls."""
    made = [one for one in repeatable(calls) if not may_differ(subject, one)]
    again = list(repeatable(distinct(tuple(one.recorded for one in made))))
    try:
        for key, other in chain(_twice(made), _backwards(subject, again), _alone(subject, again)):
            message = f"{other}: something is kept from one call to the next"
            yield finding("oracle.memory", message, hint=_HINT, key=key)
            return
    except _Late as late:
        yield final("oracle.memory-unseen", f"{late}, so nobody knows what they keep", hint=_QUICKER)


class _Late(Exception):
    """The time is over before the calls are made again: what was not looked at must not pass."""


def _twice(calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """Calls that were given and heard the same, and ended otherwise."""
    first: dict[str, RecordedCall] = {}
    for call in (one.recorded for one in calls if one.recorded.outcome != "kept"):
        earlier = first.setdefault(given(call), call)
        if (call.outcome, call.value) != (earlier.outcome, earlier.value):
            ended = f"{earlier.outcome} {earlier.value!r:.150} and then {call.outcome} {call.value!r:.150}"
            yield call.test, f"{written(call)} {ended}"


def _backwards(subject: Subject, calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """Calls that end otherwise after those that came later, or when they are made once more."""
    outside, left = Rehearsed(doubles_of(subject.manifest)), _time(subject, len(calls))
    with production(subject, outside) as session:
        for call in reversed(calls):
            for _ in range(2):
                yield from _compared(call, call.again(session, outside, left()), "when it is made once more")
    left()  # the last call may have been stopped at the end of the time


def _alone(subject: Subject, calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """Calls that end otherwise where no other call came before; the first one of all had none."""
    chosen = fairly(calls[1:], _ALONE, by=lambda call: call.recorded.function)
    left = _time(subject, len(chosen))
    for call in chosen:
        outside = Rehearsed(doubles_of(subject.manifest))
        with production(subject, outside) as session:
            yield from _compared(call, call.again(session, outside, left()), "where no other call came before")
    left()


def _time(subject: Subject, count: int) -> Callable[[], float]:
    """What is left of the share of one way of making calls again; raises `_Late` where nothing is."""
    share = subject.stage_s / _SHARE
    until = time.monotonic() + share

    def left() -> float:
        seconds = until - time.monotonic()
        if seconds <= 0:
            raise _Late(f"{count} calls of the tests cannot be made again in {share:.3g} s")
        return seconds

    return left


def _compared(call: Call, outcome: Outcome, when: str) -> Iterator[tuple[str, str]]:
    """A call that reached a ceiling says nothing here."""
    if isinstance(outcome, Completed | Raised) and otherwise(call.recorded, outcome):
        recorded = call.recorded
        ended = f"{recorded.outcome} {recorded.value!r:.150} under the tests, but {told(outcome)} {when}"
        yield recorded.test, f"{written(recorded)} {ended}"
