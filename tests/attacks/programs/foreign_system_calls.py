"""Make a 32-bit system call."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "32-bit calls have other numbers than the filter knows."
SEEN = "claimed"
SETTING = "ia32_emulation"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


def attack(target):
    import mmap

    code = bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3])
    block = mmap.mmap(-1, 4096, prot=7)
    block.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(block))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0
