"""What a server answers, counted as it comes: the status, the headers, the framing of chunks, not only the body."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER: Final = 8192


class Counted(io.RawIOBase):
    """The receiving side of a socket; closing it leaves the socket open."""

    def __init__(self, connection: socket.socket, count: Callable[[int], None]) -> None:
        super().__init__()
        self._connection, self._count = connection, count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the stream to read: all that `http.client` wants of a socket."""
        return io.BufferedReader(self, _BUFFER)

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Receive, and count before anybody looks at it."""
        size = self._connection.recv_into(buffer)
        self._count(size)
        return size
