"""Park data in sockets."""

from __future__ import annotations

import socket

ORIGIN = "What waits in a pair of sockets is memory of the kernel that no limit on memory of a process counts."
SEEN = "claimed"


def attack(target):
    pairs = [socket.socketpair() for _ in range(10)]
    return sum(here.send(b"x" * 100_000, socket.MSG_DONTWAIT) for here, _ in pairs) > 500_000
