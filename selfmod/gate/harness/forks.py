"""Runs collected tests again, cheaply, in forked children of a sandbox worker: one alone, or many mutants in a row."""

from __future__ import annotations

import gc
import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import clock_gettime, perf_counter  # by name: the tests' world has another `time`
from typing import Any, NoReturn

import pytest

Line = dict[str, Any]

_LOOK_S = 0.05  # nothing tells that a process only waits, nor that it ended where another thread took the signal
_STILL_S = 1.0  # how long a test may wait; it takes a few milliseconds
_WORK_S = 0.05  # what a process that only shares its core with others gets in that time


class Endless(BaseException):
    """The budget of loop turns and calls ran out."""


def run_item(item: pytest.Item) -> BaseException | None:
    """Run one collected test with its fixtures, and return what it raised. No report is built: that costs 20 ms."""
    own: Any = item  # what runs a test again is private in pytest; pytest-rerunfailures lives on the same names
    if not own._request:  # noqa: SLF001
        own._initrequest()  # noqa: SLF001
    state = item.session._setupstate  # noqa: SLF001
    raised: BaseException | None = None
    try:
        state.setup(item)
        item.runtest()
    except (Exception, SystemExit, Endless, pytest.fail.Exception, pytest.skip.Exception) as error:  # noqa: BLE001
        raised = error  # whatever a test raises is the answer; an interrupt is not the test's
    try:
        state.teardown_exact(None)
    except Exception as error:  # noqa: BLE001 - whatever a fixture raises is the answer
        raised = raised or error
    own._request, own.funcargs = False, None  # noqa: SLF001
    return raised


Say = Callable[[Line], None]
Body = Callable[[list[Any], Say], None]


@dataclass(slots=True)
class Child:
    """A forked child with the work it has, and what it has said when it ended; until then that is in a file."""

    pid: int
    file: int
    work: list[Any]
    lines: list[Line] = field(default_factory=list)
    died: bool = False
    since: float = field(default_factory=perf_counter)
    size: int = 0
    worked_s: float = 0.0

    def ended(self) -> bool:
        """Return whether it has ended; take what it said if so."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return False
        *whole, _ = os.pread(self.file, os.fstat(self.file).st_size, 0).split(b"\n")
        os.close(self.file)
        self.lines = [json.loads(line) for line in whole]
        self.died = status != 0
        return True

    def end_if_still(self) -> None:
        """End it where it waits for something that does not come. One that waits for a core still works a little."""
        now, size, worked_s = perf_counter(), os.fstat(self.file).st_size, self._worked()
        if size > self.size or worked_s - self.worked_s > _WORK_S:
            self.since, self.size, self.worked_s = now, size, worked_s
        elif now - self.since > _STILL_S:
            os.kill(self.pid, signal.SIGKILL)

    def _worked(self) -> float:
        """The CPU seconds it has used so far; Linux makes the number of such a clock from that of the process."""
        try:
            return clock_gettime((~self.pid << 3) | 2)
        except OSError:  # it has ended
            return self.worked_s


def fork(work: list[Any], body: Body) -> Child:
    """Run `body(work, say)` in a child; `say` keeps one line for the parent, in a file: a worker has no pipes."""
    with tempfile.TemporaryFile(buffering=0) as kept:
        file = os.dup(kept.fileno())
    pid = os.fork()
    if pid == 0:
        _be_child(file, work, body)
    return Child(pid, file, work)


def _be_child(file: int, work: list[Any], body: Body) -> NoReturn:
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        body(work, lambda line: _write(file, line))
        code = 0
    finally:
        os._exit(code)


def _write(file: int, line: Line) -> None:
    data = json.dumps(line).encode() + b"\n"
    while data:
        data = data[os.write(file, data) :]


def pool(batches: list[list[Any]], body: Body, size: int, *, patient: bool = True) -> Iterator[Child]:
    """Run each batch in a child, `size` at a time, and yield each child as it ends. `batches` may grow meanwhile.

    Without patience a child is ended that waits for a whole second, and only waits.
    """
    running: list[Child] = []
    gc.freeze()  # what is there is no child's to collect: looking through it would copy most of it for each of them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # kept for us: one comes when a child ends
    try:
        while batches or running:
            while batches and len(running) < size:
                running.append(fork(batches.pop(0), body))
            signal.sigtimedwait({signal.SIGCHLD}, _LOOK_S)
            for child in [child for child in running if child.ended()]:
                running.remove(child)
                yield child
            if not patient:
                for child in running:
                    child.end_if_still()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def limit_time(cpu_s: float, wall_s: float) -> None:
    """End this process by a signal after so much time; 0 takes a limit away. Nothing in Python can catch it."""
    for number, timer, seconds in (
        (signal.SIGPROF, signal.ITIMER_PROF, cpu_s),
        (signal.SIGALRM, signal.ITIMER_REAL, wall_s),
    ):
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(timer, seconds)
