"""Send a datagram to the host."""

from __future__ import annotations

import socket

ORIGIN = "Filters that only look at TCP (Landlock does)."
SEEN = "connected"


def attack(target):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", target["udp_port"]))
