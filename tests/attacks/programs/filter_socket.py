"""Put a program of one's own into the kernel, on the socket that one was given."""

from __future__ import annotations

import ctypes
import socket
import struct

ORIGIN = "SO_ATTACH_FILTER has the kernel compile a program; JIT spraying (McAllister, 2012) started there."
SEEN = "claimed"
SO_ATTACH_FILTER = 26


def attack(target):
    ours, theirs = socket.socketpair()
    program = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0xFFFF), 8)
    ours.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HxxxxxxP", 1, ctypes.addressof(program)))
    theirs.close()
    return True
