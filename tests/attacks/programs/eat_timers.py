"""Make timers, each of which is memory of the kernel."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "timer_create(2) takes kernel memory that no limit on memory of a process counts."
SEEN = "claimed"
SIGALRM_BY_DEFAULT = None


def attack(target):
    libc = ctypes.CDLL(None)
    number = 222 if platform.machine() == "x86_64" else 107
    timer = ctypes.c_int()
    return all(libc.syscall(number, 1, SIGALRM_BY_DEFAULT, ctypes.byref(timer)) == 0 for _ in range(50))
