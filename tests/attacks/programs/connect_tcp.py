"""Connect to a service on the host."""

from __future__ import annotations

import socket

ORIGIN = "The first thing anyone tries."
SEEN = "connected"


def attack(target):
    socket.create_connection(("127.0.0.1", target["port"]), 2).close()
