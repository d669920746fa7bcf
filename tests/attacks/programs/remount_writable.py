"""Make the root writable."""

from __future__ import annotations

import ctypes

ORIGIN = "Read-only mounts can be remounted."
SEEN = "claimed"
CONTROL = "root"


def attack(target):
    return ctypes.CDLL(None).mount(None, b"/", None, 32 | 4096, None) == 0
