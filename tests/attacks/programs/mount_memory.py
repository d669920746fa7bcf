"""Mount a file system."""

from __future__ import annotations

import ctypes

ORIGIN = "Mounting is the start of most container escapes."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    return ctypes.CDLL(None).mount(b"tmpfs", b".", b"tmpfs", 0, None) == 0
