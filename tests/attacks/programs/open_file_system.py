"""Use the new mount interface."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "CVE-2022-0185: fsconfig overflow after fsopen."
SEEN = "claimed"
CONTROL = "namespace"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    return _call(430, 430, b"tmpfs", 0) >= 0
