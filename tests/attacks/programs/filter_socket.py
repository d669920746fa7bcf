"""Put a program of one's own into the kernel, on a socket that one was given or can have."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct

ORIGIN = "SO_ATTACH_FILTER has the kernel compile a program; JIT spraying (McAllister, 2012) started there."
SEEN = "claimed"
SO_ATTACH_FILTER = 26


def attack(target):
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0xFFFF), 8)
    program = struct.pack("@HxxxxxxP", 1, ctypes.addressof(code))
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            for one in socket.socketpair():
                stack.enter_context(one)
        set_option = ctypes.CDLL(None).setsockopt
        return any(
            set_option(one, socket.SOL_SOCKET, SO_ATTACH_FILTER, program, len(program)) == 0 for one in range(3, 1024)
        )
