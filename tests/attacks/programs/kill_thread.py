"""Kill by thread number."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "A third way to signal."
SEEN = "killed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    _call(234, 131, target["pid"], target["pid"], 9)
