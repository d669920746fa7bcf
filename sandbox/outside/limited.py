"""What stops a part of the outside in the middle of its work, the real one and its double alike."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Final, Literal

from sandbox.limits import Limits
from sandbox.outside.base import Refused

_MAX_KEYS: Final = 4096
_MAX_KEY_BYTES: Final = 150


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
        self._most = _bytes(network_mb)
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


class Written:
    """Bytes and files written in all, and the size of each file. For one writer at a time."""

    def __init__(self, limits: Limits) -> None:
        self._bytes, self._file, self._files = _bytes(limits.disk_mb), _bytes(limits.file_mb), limits.inodes
        self._written = self._made = 0

    def check(self, size: int) -> None:
        """Look whether there is room for so many bytes, before anything is opened for them."""
        if self._written + size > self._bytes:
            raise LimitReached("disk_mb", f"more than {self._bytes} bytes written")

    def make(self, count: int) -> None:
        """Count new files and folders, before the first of them is made: empty ones take room, too."""
        if self._made + count > self._files:
            raise LimitReached("inodes", f"more than {self._files} new files and folders")
        self._made += count

    def grow(self, start: int, size: int) -> None:
        """Count bytes that are written behind the first `start` of a file."""
        if start + size > self._file:
            raise LimitReached("file_mb", f"a file of more than {self._file} bytes")
        self._written += size


class Room:
    """What one store may hold."""

    def __init__(self, disk_mb: float) -> None:
        self.most = _bytes(disk_mb)

    def check(self, others: Collection[int], size: int) -> None:
        """Look whether a value of this size has room beside others of those sizes."""
        if len(others) >= _MAX_KEYS:
            raise LimitReached("disk_mb", f"more than {_MAX_KEYS} keys")
        if sum(others) + size > self.most:
            raise LimitReached("disk_mb", f"more than {self.most} bytes stored")


def key_bytes(key: str) -> bytes:
    """Return the key of a store as bytes; ValueError for none and for a long one."""
    raw = key.encode()
    if not raw or len(raw) > _MAX_KEY_BYTES:
        raise ValueError(f"a key has 1 to {_MAX_KEY_BYTES} bytes")
    return raw


def _bytes(megabytes: float) -> int:
    return int(megabytes * 1024 * 1024)
