"""Have descriptors on their way that nobody takes: they count for the user, not for the process."""

from __future__ import annotations

import os
import socket

ORIGIN = "unix(7): too many in flight, and no process of that user can pass a descriptor any more (ETOOMANYREFS)."
SEEN = "claimed"


def attack(target):
    here, _there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    reader, _ = os.pipe()
    socket.send_fds(here, [b"x"], [reader] * 100, socket.MSG_DONTWAIT)
    return True
