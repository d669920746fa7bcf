"""What stops a part of the outside in the middle of its work."""

from __future__ import annotations

import threading
from typing import Literal

from sandbox.outside.base import Refused


class LimitReached(Exception):
    """A part would go over a ceiling of `Limits`."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit


class NotGranted(Exception):
    """A part found, on the way, something that the policy does not allow (a redirect, an address, a protected file)."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


class Traffic:
    """Bytes sent and bytes received, each against the same ceiling."""

    def __init__(self, network_mb: float) -> None:
        self._most = int(network_mb * 1024 * 1024)
        self._counts = {"sent": 0, "received": 0}
        self._lock = threading.Lock()

    @property
    def moved(self) -> int:
        """The bytes counted so far, both ways together; with those of the attempt that went over the limit."""
        with self._lock:
            return sum(self._counts.values())

    def count(self, way: Literal["sent", "received"], size: int) -> None:
        """Count what is about to be sent, or has come."""
        with self._lock:
            self._counts[way] += size
            if self._counts[way] > self._most:
                raise LimitReached("network_mb", f"more than {self._most} bytes {way}")
