"""Open a performance counter."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "perf_event_open, CVE-2013-2094."
SEEN = "claimed"
SETTING = "kernel.perf_event_paranoid"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    attributes = (ctypes.c_uint32 * 32)(1, 128, 1)
    attributes[10] = 0x60
    return _call(298, 241, attributes, 0, -1, -1, 0) >= 0
