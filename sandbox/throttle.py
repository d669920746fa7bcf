"""A share of one core: a burst, then only as much as the share allows.

The kernel keeps the share by a quota where a control group may be made; elsewhere the worker runs and stands still in
turn so that the average holds: a ceiling, a little under the share rather than over it, that adds at most one pause to
a call.
"""

from __future__ import annotations

from typing import Final, Protocol

# A call may use this much CPU at full speed before its share counts.
BURST_S: Final = 0.5
_RUN_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 0.2


class Brake(Protocol):
    """What slows a worker down."""

    def stop(self) -> None:
        """Keep it from running, or from running faster than its share."""
        ...

    def resume(self) -> None:
        """Let it run."""
        ...


class Throttle:
    """Decides, from the CPU time used so far, whether a worker runs freely or not."""

    __slots__ = ("_began", "_brake", "_cpu_before", "_share", "paused")

    def __init__(self, percent: int, cpu_before: float, began: float, brake: Brake) -> None:
        self._share = percent / 100
        self._cpu_before, self._began, self._brake = cpu_before, began, brake
        self.paused = False

    def step(self, cpu_s: float, now: float) -> float:
        """Pause or resume as needed; return when to look again."""
        allowed = BURST_S + self._share * (now - self._began)
        over = (cpu_s - self._cpu_before) - allowed
        if over > 0:
            if not self.paused:
                self._brake.stop()
            self.paused = True
            return now + min(_LONGEST_PAUSE_S, over / max(self._share, 0.01) + 0.001)
        self.release()
        return now + _RUN_S

    def release(self) -> None:
        """Let it run again: it may, or its call is over and the next one has a burst of its own."""
        if self.paused:
            self._brake.resume()
        self.paused = False
