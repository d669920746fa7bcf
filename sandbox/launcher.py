"""The host's end of a fork server: start it, have it fork, replace it when it dies or has grown old."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Final

from sandbox.errors import SandboxUnavailable
from sandbox.layers import cure
from sandbox.spawn import interpreter

_BOOT: Final = (
    "from sandbox import forkhooks; forkhooks.defer(); from sandbox.forkserver import main; main(int(sys.argv[1]))"
)
_MESSAGE: Final = 1 << 16
_START_S: Final = 60.0
_STOP_S: Final = 5.0
_ERRORS_SHOWN: Final = 2000
# What the interpreter's allocator fragments, and what a fault in one worker's start may have left, does not last.
_FORKS_BEFORE_RENEWAL: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """The host's ends of what a new worker was given: the channel, and where its end will be reported.

    `unsaid` is what did not fit into the channel before anybody read it.
    """

    channel: socket.socket
    status: socket.socket
    unsaid: bytes


class ForkServer:
    """One fork server process, for one list of preloaded modules and one hash seed. Thread-safe."""

    def __init__(self, preload: tuple[str, ...], seed: int | None) -> None:
        """Start it without waiting until it is ready: the first `fork` does that, so that several start at once."""
        self.forks = 0
        self._lock = threading.Lock()
        self._ready = False
        self._errors = os.memfd_create("fork server errors", os.MFD_CLOEXEC)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = interpreter(
                    _BOOT,
                    str(theirs.fileno()),
                    keep=[theirs.fileno()],
                    output=self._errors,
                    environment={"PYTHONHASHSEED": "random" if seed is None else str(seed)},
                )
            with contextlib.suppress(OSError):  # it ended already; whoever waits for it learns why
                self._control.send(json.dumps({"preload": list(preload)}).encode())
        except BaseException:  # an interrupt, too, leaves no process behind
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Tell whether it can still fork."""
        return self._control.fileno() >= 0 and self._process.poll() is None

    @property
    def worn(self) -> bool:
        """Tell whether it has forked so often that a fresh one should take over."""
        return self.forks >= _FORKS_BEFORE_RENEWAL

    @property
    def pid(self) -> int:
        """Its process number, for reports and tests."""
        return self._process.pid

    def fork(self, said: bytes) -> Forked:
        """Ask for a worker, to which something is `said` before it is there, so that it has not to wait for that.

        Raises OSError when the server is gone, `SandboxUnavailable` when it never came.
        """
        with self._lock:
            if not self._ready:
                self._await_ready()
            return self._fork(said)

    def _fork(self, said: bytes) -> Forked:
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            ends = []
            for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
                here, there = socket.socketpair(socket.AF_UNIX, kind)
                ours.enter_context(here)
                ends.append((here, theirs.enter_context(there)))
            (channel, their_channel), (status, their_status) = ends
            begun = channel.send(said, socket.MSG_DONTWAIT)
            socket.send_fds(self._control, [b"fork"], [their_channel.fileno(), their_status.fileno()])
            ours.pop_all()
        self.forks += 1
        return Forked(channel=channel, status=status, unsaid=said[begun:])

    def drain(self) -> None:
        """Have it end once its last worker has ended."""
        with contextlib.suppress(OSError):
            self._control.send(b"drain")

    def close(self) -> None:
        """End it and all its workers now."""
        process = getattr(self, "_process", None)
        if process is not None and not self._ready:
            process.kill()  # it has no workers, and would look up only after its imports; wakes who waits for it
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._control.close()
        process = getattr(self, "_process", None)
        if process is not None:
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1

    def _await_ready(self) -> None:
        """Wait for the end of its imports; one that fails is closed, and `SandboxUnavailable` names the layer."""
        if self._control.fileno() < 0:
            raise OSError("the fork server has been closed")
        try:
            answer = self._first_word()
            self._ready = bool(answer.get("ready"))
        except BaseException:  # an interrupt may have taken its word away, which it says only once
            self._process.kill()
            self._end()
            raise
        if not self._ready:
            name = str(answer.get("failed", "fork server"))
            detail = str(answer.get("detail", "")) or self._last_words()
            self._process.kill()
            self._end()
            raise SandboxUnavailable("process", name, f"{cure(name)} {detail}".strip(), str(answer.get("errno", "")))

    def _first_word(self) -> dict[str, object]:
        """Return what it says after its imports; nothing when it ended without a word, or said none in time."""
        with contextlib.suppress(OSError):
            if select.select([self._control], [], [], _START_S)[0]:
                return dict(json.loads(self._control.recv(_MESSAGE) or b"{}"))
        return {}

    def _last_words(self) -> str:
        size = os.fstat(self._errors).st_size
        text = os.pread(self._errors, _ERRORS_SHOWN, max(0, size - _ERRORS_SHOWN))
        return text.decode(errors="replace").strip() or "it did not start in time"


def report_from(status: socket.socket, deadline: float) -> tuple[dict[str, object], int | None]:
    """Return the next report about a worker and the descriptor that came with it; an empty one when there is none.

    OSError (EMFILE) when a descriptor came that this process has no room for.
    """
    poll = select.poll()
    poll.register(status, select.POLLIN)
    if not poll.poll(max(0, round((deadline - time.monotonic()) * 1000))):
        return {}, None
    try:
        message, descriptors, flags, _ = socket.recv_fds(status, _MESSAGE, 1)
    except OSError:
        return {}, None
    if flags & socket.MSG_CTRUNC:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    return (json.loads(message) if message else {}), (descriptors[0] if descriptors else None)
