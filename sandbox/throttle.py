"""A share of one core: a burst, then running and standing still in turn so that the average holds.

For kernels and accounts without a writable CPU cgroup. It is a ceiling, a little under the share rather than over it,
and adds at most one pause to a call.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Final

# A call may use this much CPU at full speed before its share counts.
BURST_S: Final = 0.5
_RUN_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 0.2


class Throttle:
    """Decides, from the CPU time used so far, whether a worker runs or pauses next."""

    __slots__ = ("_began", "_cpu_before", "_share", "paused")

    def __init__(self, percent: int, cpu_before: float, began: float) -> None:
        self._share = percent / 100
        self._cpu_before, self._began = cpu_before, began
        self.paused = False

    def step(self, cpu_s: float, now: float, send: Callable[[int], None]) -> float | None:
        """Pause or resume as needed; return when to look again, None when it does not matter."""
        if self._share >= 1:
            return None
        allowed = BURST_S + self._share * (now - self._began)
        over = (cpu_s - self._cpu_before) - allowed
        if over > 0:
            if not self.paused:
                send(signal.SIGSTOP)
            self.paused = True
            return now + min(_LONGEST_PAUSE_S, over / max(self._share, 0.01) + 0.001)
        if self.paused:
            send(signal.SIGCONT)
        self.paused = False
        return now + _RUN_S
