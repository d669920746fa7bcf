"""What this process started itself must not outlive it, also when nobody is left to end it: the kernel does that.

A pipe whose writing end only we hold. When that closes, the kernel signals the owner of the reading end, which the
other process holds. A signal at the death of a parent would not do: there, the parent is the thread that started it.
"""

from __future__ import annotations

import fcntl
import os
import signal


class Lifeline:
    """One pipe; `reader` has to be inherited by the process that is to end with us, or by one that lives as long."""

    def __init__(self) -> None:
        """Make both ends."""
        self.reader, self._writer = os.pipe()

    def fasten(self, pid: int) -> None:
        """Have this process killed when the line is cut; it must be alive and hold the reading end, or a relative."""
        fcntl.fcntl(self.reader, fcntl.F_SETOWN, pid)
        fcntl.fcntl(self.reader, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(self.reader, fcntl.F_SETFL, fcntl.fcntl(self.reader, fcntl.F_GETFL) | os.O_ASYNC)
        os.close(self.reader)
        self.reader = -1

    def cut(self) -> None:
        """Let go of both ends."""
        for end in (self.reader, self._writer):
            if end >= 0:
                os.close(end)
        self.reader = self._writer = -1


def parent_of(pid: int) -> int:
    """Return the process that another one belongs to; raises OSError when that is gone."""
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return int(stat.read().rsplit(b")", 1)[1].split()[1])
