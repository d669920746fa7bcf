"""One request of the host to a worker: who may answer, until when, what it has used, and when it has to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.monitor import Curve
from sandbox.outcome import Outcome
from sandbox.outside.base import Exceeded, Outside, Refused
from sandbox.protocol import new_id
from sandbox.throttle import Throttle

#: How often a worker is looked at while it has something to do.
TICK_S: Final = 0.05


class Ended(Exception):
    """A look at the worker showed that it has to be ended."""

    def __init__(self, verdict: Outcome) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class Call:
    """What one conversation needs to know: who may answer, until when, and what it has used."""

    output = asks = 0
    curve: Curve | None = None
    throttle: Throttle | None = None
    refused: Refused | None = None
    exceeded: Exceeded | None = None

    def __init__(
        self,
        began: float,
        wall_s: float,
        cpu_before: float,
        queued_before: float,
        outside: Outside,
        on_note: Callable[[object], None] | None,
    ) -> None:
        self.id = new_id()
        self.began, self.wall_s, self.deadline = began, wall_s, began + wall_s
        self.next_look = began + (min(wall_s, TICK_S))
        self.cpu_before, self.queued_before = cpu_before, queued_before
        self.outside, self.on_note = outside, on_note
