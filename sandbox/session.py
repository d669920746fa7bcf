"""A loaded program that can be called: one worker, and more of them while calls overlap."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from sandbox import values
from sandbox.footprint import Footprint
from sandbox.limits import Limits
from sandbox.outcome import Completed, Crashed, Denied, LimitExceeded, Outcome, TimedOut, Usage
from sandbox.outside.base import Outside, network_bytes
from sandbox.protocol import Request


class Worker(Protocol):
    """What a session needs of a worker, at any level.

    `ended` once nothing more can be asked of it; `unheard` when it had died before its last request reached it,
    `lost_server` when its fork server died under it.
    """

    ended: bool
    lost_server: bool
    unheard: bool
    asks: int
    watched: bool

    @property
    def alive(self) -> bool:
        """Tell whether it can be called."""
        ...

    def converse(
        self, request: Request, *, wall_s: float, outside: Outside, on_note: Callable[[object], None] | None = None
    ) -> Outcome:
        """Send one request and see it through."""
        ...

    def rest(self, unused_s: float = 0.0) -> float:
        """Use nothing until the next request, if unused for so long; return when to come again, 0 for never."""
        ...

    def footprint(self) -> Footprint:
        """Return what it uses now."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Refusal:
    """A worker that was never started: every request has the same outcome."""

    ended = True
    lost_server = unheard = False
    alive = False
    asks = 0
    watched = False

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def converse(
        self, request: Request, *, wall_s: float, outside: Outside, on_note: Callable[[object], None] | None = None
    ) -> Outcome:
        """Answer with the one outcome."""
        del request, wall_s, outside, on_note
        return self._outcome

    def rest(self, unused_s: float = 0.0) -> float:
        """There is nothing to stop."""
        del unused_s
        return 0.0

    def footprint(self) -> Footprint:
        """Return nothing used."""
        return Footprint()

    def close(self) -> None:
        """There is nothing to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a session has done and uses: for monitoring, never for a verdict.

    `wall_s`, `cpu_s` and `network_bytes` are of all calls so far, `peak_memory_mb` is the highest of any worker that
    ever was; `now` is what lives. `last_used` is on the monotonic clock.
    """

    workers: int
    running: int
    requests: int
    errors: int
    asks: int
    wall_s: float
    cpu_s: float
    peak_memory_mb: float
    network_bytes: int
    last_used: float
    now: Footprint


class Session:
    """One program, loaded. Thread-safe: overlapping calls get workers of their own, up to `concurrent_calls`.

    A worker that ended badly is replaced at the next call; nothing is shared between calls except what the outside
    keeps, so that cannot be told apart from going on.
    """

    def __init__(
        self,
        start: Callable[[], Worker],
        load: Request,
        *,
        limits: Limits,
        outside: Outside,
        rest: Callable[[Worker], None],
    ) -> None:
        """Start a worker and load the program; raises only what `start` raises. `rest` is told of idle workers."""
        self._start, self._load, self._limits, self._outside, self._rest = start, load, limits, outside, rest
        self._lock = threading.Lock()
        self._gate = threading.Condition(self._lock)
        self._running = self._waiting = 0
        self._idle: list[Worker] = []
        self._workers: list[Worker] = []
        self._closed = False
        self._requests = self._errors = self._asks = 0
        self._wall_s = self._cpu_s = self._queued_s = self._peak_mb = 0.0
        self._last_used = time.monotonic()
        worker, self.loaded = self._loaded_worker()
        if worker is not None:
            self._idle.append(worker)
            rest(worker)

    def call(
        self,
        function: str,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
        *,
        wall_s: float | None = None,
    ) -> Outcome:
        """Call a public function of the program. Raises ValueError only for arguments that cannot cross."""
        if not function.isidentifier() or function.startswith("_"):
            return Denied(message=f"{function!r} is not the name of a public function")
        request = ("call", [function, list(map(values.encode, args)), _encoded(kwargs) if kwargs else {}])
        if type(self.loaded) is not Completed:
            return self.loaded
        wall = self._limits.wall_s if wall_s is None else min(wall_s, self._limits.wall_s)
        outcome = self._enter(wall)
        if outcome is not None:
            self._count(outcome)
            return outcome
        worker: Worker | None = None
        try:
            worker, outcome = self._converse(request, wall)
        finally:
            self._leave(worker, outcome)
        return outcome

    def usage(self) -> Usage:
        """Return what all calls so far used together; the memory is the highest of any worker."""
        with self._lock:
            return Usage(wall_s=self._wall_s, cpu_s=self._cpu_s, queued_s=self._queued_s, peak_memory_mb=self._peak_mb)

    def activity(self) -> Activity:
        """Return what the session has done, and what its workers use now (a running one, as of the last look)."""
        alive = [worker for worker in self._workers if worker.alive]
        now = _together([worker.footprint() for worker in alive])
        moved = network_bytes(self._outside)
        with self._lock:
            return Activity(
                workers=len(alive),
                running=self._running,
                requests=self._requests,
                errors=self._errors,
                asks=self._asks,
                wall_s=self._wall_s,
                cpu_s=self._cpu_s,
                peak_memory_mb=self._peak_mb,
                network_bytes=moved,
                last_used=self._last_used,
                now=now,
            )

    def renew(self) -> None:
        """Let the next calls have new workers, which know nothing of earlier ones; calls that are running go on."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def close(self) -> None:
        """End every worker; a call that is running ends with its own outcome first."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self._gate.notify_all()
        for worker in idle:
            worker.close()
        self._outside.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _enter(self, wall_s: float) -> Outcome | None:
        """Take one of the places, waiting for it if need be; return the outcome when there is none to be had."""
        limits = self._limits
        with self._lock:
            if self._running >= limits.concurrent_calls:
                if self._waiting >= limits.queued_calls:
                    return LimitExceeded(
                        limit="queued_calls", message=f"{limits.queued_calls} calls are waiting already"
                    )
                self._waiting += 1
                try:
                    free = self._gate.wait_for(lambda: self._closed or self._running < limits.concurrent_calls, wall_s)
                finally:
                    self._waiting -= 1
                if not free:
                    return TimedOut(limit_s=limits.wall_s)
            if self._closed:
                return Crashed(report="the session is closed")
            self._running += 1
            return None

    def _leave(self, worker: Worker | None, outcome: Outcome | None) -> None:
        """Give the place back, and the worker if there is one that can be used again."""
        with self._lock:
            self._running -= 1
            if self._waiting:
                self._gate.notify()
            if outcome is not None:
                self._note(outcome)
            if worker is None or worker.ended:
                return
            closed = self._closed
            if not closed:
                self._idle.append(worker)
        if closed:
            worker.close()
        elif not worker.watched:
            self._rest(worker)

    def _converse(self, request: Request, wall_s: float) -> tuple[Worker | None, Outcome]:
        worker: Worker | None
        try:
            worker = self._idle.pop()
        except IndexError:
            worker, outcome = self._loaded_worker()
            if worker is None:
                return None, outcome
        outcome = worker.converse(request, wall_s=wall_s, outside=self._outside)
        if type(outcome) is Crashed and (worker.unheard or (worker.lost_server and not worker.asks)):
            # Nothing of the outside was touched, so the call can be made again.
            worker, loaded = self._loaded_worker()
            if worker is None:
                return None, loaded
            outcome = worker.converse(request, wall_s=wall_s, outside=self._outside)
        if worker.asks:
            self._asks += worker.asks
            worker.asks = 0
        return worker, outcome

    def _loaded_worker(self) -> tuple[Worker | None, Outcome]:
        worker = self._start()
        with self._lock:
            self._workers = [*(one for one in self._workers if not one.ended), worker]
        outcome = worker.converse(self._load, wall_s=self._limits.wall_s, outside=self._outside)
        if isinstance(outcome, Completed):
            return worker, outcome
        worker.close()
        return None, outcome

    def _count(self, outcome: Outcome) -> None:
        with self._lock:
            self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        self._requests += 1
        self._last_used = time.monotonic()
        used = outcome.usage
        self._wall_s += used.wall_s
        if used.cpu_s or used.queued_s:  # of a brief call, neither is known
            self._cpu_s += used.cpu_s
            self._queued_s += used.queued_s
        self._peak_mb = max(self._peak_mb, used.peak_memory_mb)
        if type(outcome) is not Completed:
            self._errors += 1


def _together(prints: list[Footprint]) -> Footprint:
    return Footprint(
        cpu_s=sum(one.cpu_s for one in prints),
        memory=sum(one.memory for one in prints),
        proportional=sum(one.proportional for one in prints),
        peak=max((one.peak for one in prints), default=0),
        disk=sum(one.disk for one in prints),
    )


def _encoded(kwargs: Mapping[str, object]) -> dict[str, object]:
    return {str(values.encode(name)): values.encode(item) for name, item in kwargs.items()}
