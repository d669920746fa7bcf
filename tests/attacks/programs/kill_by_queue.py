"""Queue a signal with a value."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "A fourth way to signal."
SEEN = "killed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    ctypes.CDLL(None).sigqueue(target["pid"], 9, 0)
