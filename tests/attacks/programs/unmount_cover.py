"""Unmount what hides the host."""

from __future__ import annotations

import ctypes

ORIGIN = "What covers can be lifted."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    libc = ctypes.CDLL(None)
    libc.mount(b"tmpfs", b".", b"tmpfs", 0, None)
    return libc.umount2(b".", 2) == 0
