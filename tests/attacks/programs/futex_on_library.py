"""Wait for a futex on a page of the library: whoever has the same page in another worker can wake it."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

ORIGIN = "futex(2): without FUTEX_PRIVATE_FLAG the key is the file and the place in it, whoever maps it, how ever."
SEEN = "claimed"
PROT_READ, MAP_SHARED, FUTEX_WAIT = 1, 1, 0


def attack(target):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    page = libc.mmap(None, 4096, PROT_READ, MAP_SHARED, os.open(os.__file__, os.O_RDONLY), ctypes.c_long(0))
    number = 202 if platform.machine() == "x86_64" else 98
    value, moment = ctypes.c_int.from_address(page).value, struct.pack("qq", 0, 1_000_000)
    libc.syscall(number, ctypes.c_void_p(page), FUTEX_WAIT, value, moment, None, 0)
    return ctypes.get_errno() == errno.ETIMEDOUT
