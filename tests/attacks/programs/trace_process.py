"""Attach to a process of the host."""

from __future__ import annotations

import ctypes
import os

ORIGIN = "Debuggers own what they trace."
SEEN = "claimed"
SETTING = "kernel.yama.ptrace_scope"


def attack(target):
    libc = ctypes.CDLL(None)
    if libc.ptrace(16, target["pid"], 0, 0) != 0:
        return None
    os.waitpid(target["pid"], 0x40000000)
    libc.ptrace(17, target["pid"], 0, 0)
    return True
