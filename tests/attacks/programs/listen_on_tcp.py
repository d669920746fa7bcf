"""Listen for connections."""

from __future__ import annotations

import socket

ORIGIN = "Backdoors listen."
SEEN = "claimed"


def attack(target):
    socket.create_server(("127.0.0.1", 0)).close()
    return True
