"""All processes of one worker, stopped and continued together: a worker that may fork must not work on in its children.

A stopped process starts no other, so stopping whatever is found until nothing new is found ends, and misses nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress


class Family:
    """A worker and what it has started, by descriptors of processes and never by numbers alone."""

    def __init__(self, pid: int, pidfd: int, *, many: bool) -> None:
        """Start from the worker's own process; `many` when it may have others."""
        self._pid, self._pidfd, self._many = pid, pidfd, many
        self._stopped: dict[int, int] = {}

    def stop(self) -> None:
        """Have all of them stand still."""
        _send(self._pidfd, signal.SIGSTOP)
        while self._many and self._stop_new():
            pass

    def resume(self) -> None:
        """Have all of them go on."""
        for pidfd in self._stopped.values():
            _send(pidfd, signal.SIGCONT)
        self.close()
        _send(self._pidfd, signal.SIGCONT)

    def close(self) -> None:
        """Let go of the descriptors."""
        for pidfd in self._stopped.values():
            os.close(pidfd)
        self._stopped.clear()

    def _stop_new(self) -> bool:
        new = [pid for pid in descendants(self._pid) if pid not in self._stopped]
        for pid in new:
            with suppress(ProcessLookupError):
                pidfd = os.pidfd_open(pid)
                # Its number may have been given to a stranger before it was opened: then it is no longer among them.
                if pid in descendants(self._pid):
                    _send(pidfd, signal.SIGSTOP)
                    self._stopped[pid] = pidfd
                else:
                    os.close(pidfd)
        return bool(new)


def descendants(pid: int) -> set[int]:
    """Return the processes that this one, its threads and they in turn have started, as far as they live."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def _children(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as text:
                yield from map(int, text.read().split())


def _send(pidfd: int, number: int) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, number)
