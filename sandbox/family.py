"""All processes of one worker, stopped and continued together: a worker that may fork must not work on in its children.

A stopped process starts no other, so stopping whatever is found until nothing new is found ends. A process that starts
the next one and is ended by it can slip between two looks, so whoever stops a family for long stops it again; and where
more are found than there can be at a time, they are on the run: `runaway` says that the worker has to be ended whole.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

_LOOKS: Final = 3  # that find nothing new


class Family:
    """A worker and what it has started, by descriptors of processes and never by numbers alone."""

    def __init__(self, pid: int, pidfd: int, *, most: int) -> None:
        """Start from the worker's own process; there are `most` of them at a time."""
        self._pid, self._pidfd, self.many = pid, pidfd, most > 1
        self._most = 2 * most + 8  # those that had ended before they were stopped, too
        self._stopped: dict[int, int] = {}
        self.runaway = False

    def stop(self) -> None:
        """Have all of them stand still, or find that they cannot be held."""
        if self._pidfd < 0:
            return
        _send(self._pidfd, signal.SIGSTOP)
        quiet = found = 0
        while self.many and quiet < _LOOKS and not self.runaway:
            if self._stop_new():
                quiet, found = 0, found + 1
            else:
                quiet += 1
                os.sched_yield()
            # Some end before they can be stopped: those are never counted, only how often there were new ones.
            self.runaway = len(self._stopped) > self._most or found > _LOOKS * self._most

    def resume(self) -> None:
        """Have all of them go on."""
        if self._pidfd < 0:
            return
        for pidfd in self._stopped.values():
            _send(pidfd, signal.SIGCONT)
        self._forget()
        _send(self._pidfd, signal.SIGCONT)

    def close(self) -> None:
        """Let go of the descriptors, when the worker has ended: its numbers may be those of strangers from now on."""
        self._forget()
        self._pidfd = -1

    def _forget(self) -> None:
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
