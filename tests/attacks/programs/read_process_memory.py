"""Read the memory of a host process."""

from __future__ import annotations

import ctypes

ORIGIN = "ptrace-less reading of another process."
SEEN = "claimed"
SETTING = "kernel.yama.ptrace_scope"


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def attack(target):
    with open(f"/proc/{target['pid']}/maps") as maps:
        start = int(maps.readline().split("-")[0], 16)
    buffer = ctypes.create_string_buffer(16)
    local, remote = Vector(ctypes.addressof(buffer), 16), Vector(start, 16)
    return ctypes.CDLL(None).process_vm_readv(target["pid"], ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) == 16
