"""Compare kernel objects."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "kcmp leaks kernel pointers' order."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    pid = ctypes.CDLL(None).getpid()
    return _call(312, 272, pid, pid, 0, 0, 0) >= 0
