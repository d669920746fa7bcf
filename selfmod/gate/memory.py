"""What a plugin keeps from one call to the next, told by what its calls give, however it is kept.

Calls of the tests that were given and heard the same must have ended the same. Then they are made again in production
workers: last ones first and each twice, and each alone in a worker of its own. One that ends otherwise than under the
tests remembers another call.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from sandbox.outcome import Completed, Outcome, Raised
from sandbox.outside.rehearsed import Rehearsed
from selfmod.gate.base import Finding, finding
from selfmod.gate.changes import told
from selfmod.gate.production import (
    Call,
    distinct,
    doubles_of,
    given,
    may_differ,
    otherwise,
    production,
    repeatable,
    written,
)
from selfmod.gate.subject import RecordedCall, Subject

_ALONE: Final = 12  # calls that get a worker of their own
_SHARE: Final = 5  # of the time of a stage
_HINT: Final = "take what a result depends on as a parameter, or keep it in the storage of the SDK"


def remembered(subject: Subject, calls: tuple[RecordedCall, ...]) -> Iterator[Finding]:
    """The first call that gives something else because of other calls."""
    made = [one for one in repeatable(calls) if not may_differ(subject, one)]
    until = time.monotonic() + subject.stage_s / _SHARE
    again = list(repeatable(distinct(tuple(one.recorded for one in made))))
    for key, other in chain(_twice(made), _backwards(subject, again, until), _alone(subject, again, until)):
        message = f"{other}: something is kept from one call to the next"
        yield finding("oracle.memory", message, hint=_HINT, key=key)
        return


def _twice(calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """Calls that were given and heard the same, and ended otherwise."""
    first: dict[str, RecordedCall] = {}
    for call in (one.recorded for one in calls if one.recorded.outcome != "kept"):
        earlier = first.setdefault(given(call), call)
        if (call.outcome, call.value) != (earlier.outcome, earlier.value):
            ended = f"{earlier.outcome} {earlier.value!r:.150} and then {call.outcome} {call.value!r:.150}"
            yield call.test, f"{written(call)} {ended}"


def _backwards(subject: Subject, calls: Sequence[Call], until: float) -> Iterator[tuple[str, str]]:
    """Calls that end otherwise after those that came later, or when they are made once more."""
    outside = Rehearsed(doubles_of(subject.manifest))
    with production(subject, outside) as session:
        for call in reversed(calls):
            for _ in range(2):
                if (left := until - time.monotonic()) <= 0:
                    return
                yield from _compared(call, call.again(session, outside, left), "when it is made once more")


def _alone(subject: Subject, calls: Sequence[Call], until: float) -> Iterator[tuple[str, str]]:
    """Calls that end otherwise where no other call came before; the first one of all had none."""
    for call in calls[1 : _ALONE + 1]:
        if (left := until - time.monotonic()) <= 0:
            return
        outside = Rehearsed(doubles_of(subject.manifest))
        with production(subject, outside) as session:
            yield from _compared(call, call.again(session, outside, left), "where no other call came before")


def _compared(call: Call, outcome: Outcome, when: str) -> Iterator[tuple[str, str]]:
    """A call that reached a ceiling says nothing here."""
    if isinstance(outcome, Completed | Raised) and otherwise(call.recorded, outcome):
        recorded = call.recorded
        ended = f"{recorded.outcome} {recorded.value!r:.150} under the tests, but {told(outcome)} {when}"
        yield recorded.test, f"{written(recorded)} {ended}"
