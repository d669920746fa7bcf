"""Connect by libc."""

from __future__ import annotations

import ctypes
import struct

ORIGIN = "Past every patched socket module."
SEEN = "connected"


def attack(target):
    libc = ctypes.CDLL(None)
    address = struct.pack("=H", 2) + struct.pack(">HI", target["port"], 0x7F000001) + bytes(8)
    libc.connect(libc.socket(2, 1, 0), address, 16)
