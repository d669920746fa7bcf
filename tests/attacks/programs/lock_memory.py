"""Lock memory."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "Locked memory cannot be taken back."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    libc = ctypes.CDLL(None)
    buffer = ctypes.create_string_buffer(65536)
    return libc.mlock(buffer, 65536) == 0
