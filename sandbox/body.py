"""The process behind a link: how its signals are sent, its end is seen and its figures are read, at each level."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from sandbox.errors import SandboxUnavailable
from sandbox.launcher import Forked, report_from
from sandbox.layers import cure
from sandbox.lifeline import Lifeline

_SETUP_S: Final = 30.0
_REAP_S: Final = 10.0


class ServerLost(Exception):
    """The fork server died before it could start the worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a process ended: its wait status, and what it had used by then."""

    status: int
    cpu_s: float = 0.0
    peak: int = 0


class Body(Protocol):
    """A running worker process. `output` is a descriptor of the file that takes what it prints."""

    pid: int
    pidfd: int
    output: int

    def wait(self) -> End | None:
        """Wait for the end of a process that was killed or is dying; None when nobody can say how it ended."""
        ...

    def close(self) -> None:
        """Let go of the descriptors, not of `output`, which has another owner."""
        ...


@dataclass(slots=True, kw_only=True)
class ForkedBody:
    """A worker that a fork server started, reports on, and collects."""

    status: socket.socket
    pid: int = 0
    pidfd: int = -1
    output: int = -1
    resident: int = 0  # the memory in bytes that it had when it was isolated, before anything was asked of it

    @classmethod
    def await_isolation(cls, forked: Forked) -> ForkedBody:
        """Return the worker once it is isolated; raises `SandboxUnavailable` or `ServerLost`."""
        deadline = time.monotonic() + _SETUP_S
        body = cls(status=forked.status)
        try:
            while not body.pid or not body.resident:
                body.take_note(*report_from(forked.status, deadline))
        except BaseException:  # an interrupt, too, leaves no worker behind
            body.abandon()
            raise
        return body

    def take_note(self, report: dict[str, object], descriptor: int | None) -> None:
        """Take one report of its start."""
        if "pid" in report and descriptor is not None:
            self.pid, self.pidfd = int(str(report["pid"])), descriptor
        elif "output" in report and descriptor is not None:
            self.output = descriptor
        elif "layers" in report and self.output >= 0:
            self.resident = int(str(report["memory"]))
        else:
            raise _unavailable(report)

    def abandon(self) -> None:
        """End a worker that never became one."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        if self.output >= 0:
            os.close(self.output)
        self.close()

    def wait(self) -> End | None:
        """Return the fork server's report; None when it is dead itself."""
        report, _ = report_from(self.status, time.monotonic() + _REAP_S)
        if "exit" not in report:
            return None
        figures = {name: float(str(report[name])) for name in ("exit", "cpu_s", "peak_kb")}
        return End(status=int(figures["exit"]), cpu_s=figures["cpu_s"], peak=int(figures["peak_kb"]) * 1024)

    def close(self) -> None:
        """Let go of the descriptors."""
        self.status.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


def _unavailable(report: dict[str, object]) -> Exception:
    if "failed" in report:
        name = str(report["failed"])
        text = f"{cure(name)} ({report.get('detail', '')})"
        return SandboxUnavailable("process", name, text, str(report.get("errno", "")))
    return ServerLost("the fork server ended while it started a worker")


@dataclass(slots=True, kw_only=True)
class SpawnedBody:
    """A worker that this process started itself; `pid` may be a child of `process` (a container's first process)."""

    process: subprocess.Popen[bytes]
    pid: int
    output: int
    lifeline: Lifeline
    keeper: int = 0  # what `pid` belongs to where that is not `process`: it tidies up behind it
    folder: Path | None = None  # what the runtime keeps its state in, as long as this lives
    pidfd: int = field(init=False, default=-1)
    keeper_pidfd: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        self.pidfd = os.pidfd_open(self.pid)
        if self.keeper:
            self.keeper_pidfd = os.pidfd_open(self.keeper)

    def wait(self) -> End | None:
        """Collect the process."""
        try:
            code = self.process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return End(status=-code if code < 0 else _status_of(code))

    def close(self) -> None:
        """Let go of the descriptors, and of the process if it still runs."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            os.close(self.pidfd)
            self.pidfd = -1
        self.wait()
        if self.keeper_pidfd >= 0:
            ended(self.keeper_pidfd, int(_REAP_S * 1000))
            os.close(self.keeper_pidfd)
            self.keeper_pidfd = -1
        self.lifeline.cut()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _status_of(code: int) -> int:
    """Return the wait status for an exit code; a container's tool reports a signal as 128 and its number."""
    return code - 128 if 128 < code < 128 + 65 else code << 8


def ended(pidfd: int, wait_ms: int = 0) -> bool:
    """Tell whether a process has ended, waiting a little if asked to."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(wait_ms))
