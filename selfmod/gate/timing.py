"""What a call in a production worker takes: its work and its waiting, on a machine that may have other things to do."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.outcome import LimitExceeded, Outcome, TimedOut, Usage
from sandbox.outside.rehearsed import Exchange, Rehearsed
from sandbox.session import Session

LEAST_S = 0.01  # the kernel counts the work of a process in ticks of this length
_LATENCY_S = 0.1  # until a busy host sees that a call has ended; a plugin that waits does so for longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A call as it is timed."""

    function: str
    args: Sequence[object]
    named: dict[str, object]
    exchanges: Sequence[Exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How much time is left after some calls, and the most memory that they used."""

    left_s: float
    peak_mb: float


class Timer:
    """Calls functions of a plugin and says what they take, as long as there is time for that."""

    def __init__(self, session: Session, outside: Rehearsed, stage_s: float, ends_at: float) -> None:
        self._session, self._outside = session, outside
        self._left_s = stage_s / 2  # what is slow is found by then
        # On a machine that is busy it may take longer, but not longer than the whole gate; then nothing is known.
        self._until = min(time.monotonic() + 3 * stage_s, ends_at)
        self._peak_mb = session.loaded.usage.peak_memory_mb

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return self._left_s < 0 or time.monotonic() > self._until

    def seconds(self, call: Made, limit_s: float) -> float:
        """What one call takes, the better of two where that is too much; infinite when it does not come back."""
        first, _ = self.taken(call, limit_s)
        return first if not limit_s < first < math.inf else min(first, self.taken(call, limit_s)[0])

    def taken(self, call: Made, limit_s: float) -> tuple[float, Outcome]:
        """What one call takes, and how it ended."""
        wall_s = 2 * limit_s
        while True:
            outcome = self.outcome(call, wall_s)
            taken = own_seconds(outcome.usage)
            if isinstance(outcome, LimitExceeded) and outcome.limit in ("cpu_s", "memory_mb"):
                return math.inf, outcome
            if not isinstance(outcome, TimedOut):
                return taken, outcome
            if taken > limit_s or outcome.limit_s < wall_s or self.over:
                return math.inf, outcome
            wall_s *= 4  # others had the cores

    def outcome(self, call: Made, wall_s: float) -> Outcome:
        """Make one call, which hears of the outside what it heard under the tests."""
        self._outside.play(call.exchanges)
        outcome = self._session.call(call.function, call.args, call.named, wall_s=wall_s)
        self._left_s -= own_seconds(outcome.usage)
        self._peak_mb = max(self._peak_mb, outcome.usage.peak_memory_mb)
        return outcome

    def spent(self) -> Spent:
        """What the calls so far took, but for those that were forgotten."""
        return Spent(left_s=self._left_s, peak_mb=self._peak_mb)

    def forget(self, since: Spent) -> None:
        """Count nothing of the calls that were made since; the next one has a new worker, whose memory is its own."""
        self._left_s, self._peak_mb = since.left_s, since.peak_mb
        self._session.renew()


def own_seconds(usage: Usage) -> float:
    """What a call takes where nothing else wants a core: its work, and its waiting where that is more than latency."""
    if usage.wall_s < LEAST_S:
        return usage.wall_s
    waited = waited_s(usage)
    return usage.cpu_s + (waited if waited > _LATENCY_S else 0.0)


def waited_s(usage: Usage) -> float:
    """How long a call neither worked nor wanted to."""
    return usage.wall_s - usage.queued_s - usage.cpu_s
