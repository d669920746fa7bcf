"""Handle one's own page faults."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "userfaultfd stretches kernel races (CVE-2021-22555 and others)."
SEEN = "claimed"
SETTING = "vm.unprivileged_userfaultfd"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    return _call(323, 282, 1) >= 0
