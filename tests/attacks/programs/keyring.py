"""Add a key."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "Keyrings are not namespaced (CVE-2016-0728)."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    return _call(248, 217, b"user", b"attack", b"x", 1, -2) >= 0
