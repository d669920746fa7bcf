"""Make an io_uring."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "io_uring does system calls that filters do not see."
SEEN = "claimed"
SETTING = "kernel.io_uring_disabled"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    return _call(425, 425, 2, (ctypes.c_uint32 * 30)()) >= 0
