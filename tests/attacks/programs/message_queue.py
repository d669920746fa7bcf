"""Make a message queue."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "System V queues have no path to hide (CVE-2021-22555 uses them)."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    key = _call(68, 186, 0, 0o1600)
    if key >= 0:
        _call(71, 187, key, 0, None)
    return key >= 0
