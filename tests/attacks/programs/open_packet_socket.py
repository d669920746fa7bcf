"""Open a raw packet socket."""

from __future__ import annotations

import socket

ORIGIN = "ARP spoofing from a container."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    return True
