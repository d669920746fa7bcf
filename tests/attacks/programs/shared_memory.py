"""Make a shared memory segment."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "System V memory has no path to hide."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    key = _call(29, 194, 0, 4096, 0o1600)
    if key >= 0:
        _call(31, 195, key, 0, None)
    return key >= 0
