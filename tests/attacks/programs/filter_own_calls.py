"""Install a system call filter."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "A filter of one's own with a listener can answer calls (SECCOMP_RET_USER_NOTIF)."
SEEN = "claimed"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


class Program(ctypes.Structure):
    _fields_ = [("size", ctypes.c_ushort), ("lines", ctypes.c_void_p)]


def attack(target):
    line = (ctypes.c_uint32 * 2)(0x06, 0x7FFF0000)
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
    program = Program(1, ctypes.addressof(line))
    return _call(317, 277, 1, 0, ctypes.byref(program)) == 0
