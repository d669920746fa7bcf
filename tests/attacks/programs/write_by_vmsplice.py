"""Give pages of memory to a pipe."""

from __future__ import annotations

import ctypes
import os

ORIGIN = "vmsplice, CVE-2008-0600."
SEEN = "claimed"


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def attack(target):
    _, writer = os.pipe()
    buffer = ctypes.create_string_buffer(16)
    vector = Vector(ctypes.addressof(buffer), 16)
    return ctypes.CDLL(None).vmsplice(writer, ctypes.byref(vector), 1, 0) == 16
