"""Runs collected tests again, cheaply, in forked children of a sandbox worker: one alone, or many mutants in a row."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

Line = dict[str, Any]


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
        raised = error
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
    """A forked child with the work it has, and what it has said so far."""

    pid: int
    reader: int
    work: list[Any]
    lines: list[Line] = field(default_factory=list)
    buffer: bytes = b""
    died: bool = False

    def hear(self) -> bool:
        """Take what the child wrote; return whether it has ended."""
        data = os.read(self.reader, 65536)
        *whole, self.buffer = (self.buffer + data).split(b"\n")
        self.lines.extend(json.loads(line) for line in whole)
        if data:
            return False
        os.close(self.reader)
        _, status = os.waitpid(self.pid, 0)
        self.died = status != 0
        return True


def fork(work: list[Any], body: Body) -> Child:
    """Run `body(work, say)` in a child; `say` sends one line to the parent."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _be_child(writer, work, body)
    os.close(writer)
    return Child(pid, reader, work)


def _be_child(writer: int, work: list[Any], body: Body) -> NoReturn:
    code = 1
    try:
        body(work, lambda line: _write(writer, line))
        code = 0
    finally:
        os._exit(code)


def _write(writer: int, line: Line) -> None:
    data = json.dumps(line).encode() + b"\n"
    while data:
        data = data[os.write(writer, data) :]


def pool(batches: list[list[Any]], body: Body, size: int) -> Iterator[Child]:
    """Run each batch in a child, `size` at a time, and yield each child as it ends. `batches` may grow meanwhile."""
    running: list[Child] = []
    while batches or running:
        while batches and len(running) < size:
            running.append(fork(batches.pop(0), body))
        ready, _, _ = select.select([child.reader for child in running], [], [])
        for child in [child for child in running if child.reader in ready]:
            if child.hear():
                running.remove(child)
                yield child


def limit_time(cpu_s: float, wall_s: float) -> None:
    """End this process by a signal after so much time; 0 takes a limit away. Nothing in Python can catch it."""
    for number, timer, seconds in (
        (signal.SIGPROF, signal.ITIMER_PROF, cpu_s),
        (signal.SIGALRM, signal.ITIMER_REAL, wall_s),
    ):
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(timer, seconds)
