"""Read the kernel log."""

from __future__ import annotations

import ctypes

ORIGIN = "Kernel addresses leak through dmesg."
SEEN = "claimed"
SETTING = "kernel.dmesg_restrict"


def attack(target):
    return ctypes.CDLL(None).klogctl(10, None, 0) > 0
