"""Whether a call is slow because of what it gives back: then its work grows as its answer does, and no faster.

All subsets of a list are exponential by nature: whoever asks for them wants as much. What matters is the work for each
part of the answer, which stays the same there, and explodes where a number or a few words come back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.outcome import Completed
from selfmod.gate.growth import Grown, Probe
from selfmod.gate.timing import LEAST_S, Made, Timer

_STEP = 1.1  # from one size to the next
_LARGER = 3.0  # times that an answer must be larger than one before, to be said to have grown
_BRIEF_S = LEAST_S / 4  # known by the clock; what takes longer is counted in ticks, and known by many calls
_TIMES = 8
_TRIES = 3
_AS_FAST = 1.15  # exponent of time over the size of the answer: 1, and what measuring adds


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One call that came back: how large its argument was, what it took, and how long its answer is when written."""

    size: int
    seconds: float
    length: int
    brief: bool


def by_nature(timer: Timer, probe: Probe, grown: Grown, sizes: tuple[int, int], limit_s: float) -> Answered | None:
    """Return the last call between two sizes that came back, None where its answer does not explain what it took."""
    asked = _Asked(timer, probe, grown, limit_s)
    found = list(asked.upwards(asked.beginning(sizes[0]), sizes[1]))
    before = [one for one in found if one.brief and one.length * _LARGER <= found[-1].length]
    if not before:
        return None
    most = _AS_FAST * math.log(found[-1].length / before[-1].length)
    # A busy machine adds to what one of the two took, and never as much each time as work that explodes.
    took = (math.log(asked.takes_s(found[-1]) / asked.takes_s(before[-1])) for _ in range(_TRIES))
    return found[-1] if any(one <= most for one in took) else None


class _Asked:
    """Calls with one argument of ever other sizes."""

    def __init__(self, timer: Timer, probe: Probe, grown: Grown, limit_s: float) -> None:
        self._timer, self._probe, self._grown, self._limit_s = timer, probe, grown, limit_s

    def beginning(self, size: int) -> int:
        """A size that takes next to nothing, found by halves."""
        while size > 1 and not self._timer.over:
            answered = self._answered(size)
            if answered is not None and answered.brief:
                break
            size //= 2
        return size

    def upwards(self, size: int, end: int) -> Iterator[Answered]:
        """Until one takes long enough to judge by, or does not come back; steps are small, so that is not soon."""
        while size < end and not self._timer.over:
            answered = self._answered(size)
            if answered is None:
                return
            yield answered
            if answered.seconds > self._limit_s / 4:
                return
            size = max(size + 1, int(size * _STEP))

    def takes_s(self, one: Answered) -> float:
        """What a call takes, measured again, for other things may have come between: often where ticks count."""
        often = one.seconds < _TIMES * LEAST_S
        again = [answered for _ in range(_TIMES if often else 1) if (answered := self._answered(one.size))]
        if often and not one.brief:
            return sum(other.seconds for other in (one, *again)) / (1 + len(again)) or LEAST_S
        return min(other.seconds for other in (one, *again) if other.brief is one.brief)

    def _answered(self, size: int) -> Answered | None:
        args, named = self._probe.grown(self._grown(size))
        call = Made(function=self._probe.function, args=args, named=named, exchanges=self._probe.exchanges)
        seconds, outcome = self._timer.taken(call, self._limit_s)
        if not isinstance(outcome, Completed):
            return None
        brief = outcome.usage.wall_s < _BRIEF_S
        return Answered(size=size, seconds=seconds, length=len(repr(outcome.value)), brief=brief)
