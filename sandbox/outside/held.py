"""The sockets that the host uses for one worker: when it ends, nobody waits for a server on its behalf any longer."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import Final
from weakref import WeakSet


class Held:
    """Sockets in use. Others cut them: they are shut, not closed, so that whoever waits for one of them wakes."""

    def __init__(self) -> None:
        self.over = False
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()

    def add(self, connection: socket.socket) -> None:
        """Take one more; ConnectionError when it is too late for that."""
        with self._lock:
            self._sockets.add(connection)
            over = self.over
        if over:
            shut(connection)
            raise ConnectionError("nobody waits for the answer any more")

    def cut(self) -> None:
        """Shut all of them, now and in future."""
        with self._lock:
            self.over = True
            sockets = list(self._sockets)
        for connection in sockets:
            shut(connection)


#: What belongs to the worker that is being answered; set by whoever answers in a thread of its own.
HELD: Final[ContextVar[Held]] = ContextVar("held")


def shut(connection: socket.socket) -> None:
    """End what goes on over a socket, both ways, whatever another thread does with it."""
    with suppress(OSError):
        # Not the method of a TLS socket, which first forgets its encryption: what is sent just then would go in clear.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
