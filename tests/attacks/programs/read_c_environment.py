"""Read the environment through libc."""

from __future__ import annotations

import ctypes

ORIGIN = "os.environ is a copy; libc keeps its own."
SEEN = "secret"


def attack(target):
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    return (getenv(b"ATTACK_SECRET") or b"").decode()
