"""Open a raw IP socket."""

from __future__ import annotations

import socket

ORIGIN = "Spoofed packets."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()
    return True
