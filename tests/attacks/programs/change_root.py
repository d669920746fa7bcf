"""Change the root."""

from __future__ import annotations

import ctypes

ORIGIN = "chroot escape needs only another chroot."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    return ctypes.CDLL(None).chroot(b"/") == 0
