"""Make a BPF map."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "eBPF verifier faults (CVE-2021-3490)."
SEEN = "claimed"
CONTROL = "root"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    attributes = (ctypes.c_uint32 * 30)(1, 4, 4, 1)
    return _call(321, 280, 0, attributes, 120) >= 0
