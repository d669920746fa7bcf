"""Bodies of requests that are larger than one ask: they come in pieces first, and are named by the request."""

from __future__ import annotations

import threading
from typing import Final

from sandbox.outside.limited import LimitReached

_MAX_PENDING: Final = 4


class Uploads:
    """Bytes on their way out; at most `most` of them in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pending: dict[int, bytearray] = {}
        self._last = 0
        self._lock = threading.Lock()

    def add(self, handle: int, data: bytes) -> int:
        """Append to a body, or begin one with handle 0; return its handle."""
        with self._lock:
            if sum(map(len, self._pending.values())) + len(data) > self._most:
                raise LimitReached("network_mb", f"more than {self._most} bytes to send")
            if handle == 0:
                if len(self._pending) >= _MAX_PENDING:
                    raise LimitReached("open_files", f"more than {_MAX_PENDING} bodies on their way")
                self._last += 1
                self._pending[self._last] = bytearray(data)
                return self._last
            if handle not in self._pending:
                raise ValueError("this body was sent already")
            self._pending[handle] += data
            return handle

    def take(self, handle: int) -> bytes:
        """Return a whole body and forget it."""
        with self._lock:
            body = self._pending.pop(handle, None)
        if body is None:
            raise ValueError("this body was sent already")
        return bytes(body)
