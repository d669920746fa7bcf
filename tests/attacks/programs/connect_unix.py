"""Connect to a socket file of the host."""

from __future__ import annotations

import socket

ORIGIN = "Docker's socket in a container."
SEEN = "connected"


def attack(target):
    socket.socket(socket.AF_UNIX).connect(target["unix"])
