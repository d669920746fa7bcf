"""Stopping the process between any two operations of the disk, to prove that a crash leaves the old state or the new.

A test passes one of these where production passes a plain `Disk`; there is no other way to reach them.
"""

from __future__ import annotations

import os
import signal

from plugins.disk import Disk


class Counting(Disk):
    """Counts the points that a crash can fall between, and remembers what they are."""

    def __init__(self) -> None:
        self.points: list[str] = []

    def step(self, name: str) -> None:
        """Remember one point."""
        self.points.append(name)

    def write(self, descriptor: int, data: bytes, name: str) -> None:
        """Write in two halves, so that the middle of a write is a point as well."""
        half = len(data) // 2
        super().write(descriptor, data[:half], name)
        super().write(descriptor, data[half:], f"{name}, second half")


class Killing(Counting):
    """Kills this process with SIGKILL when the point number `at` (from 0) is reached."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def step(self, name: str) -> None:
        """Count, and stop there."""
        super().step(name)
        if len(self.points) == self._at + 1:
            os.kill(os.getpid(), signal.SIGKILL)


class Failing(Counting):
    """Raises an error of the disk at the point number `at` (from 0), as a full disk would."""

    def __init__(self, at: int, error: int) -> None:
        super().__init__()
        self._at, self._error = at, error

    def step(self, name: str) -> None:
        """Count, and fail there."""
        super().step(name)
        if len(self.points) == self._at + 1:
            raise OSError(self._error, os.strerror(self._error), name)
