"""Start more threads than the limit."""

from __future__ import annotations

import threading

ORIGIN = "The thread bomb."
SEEN = "claimed"
LIMITS = {"processes": 8}


def attack(target):
    done = threading.Event()
    try:
        for _ in range(40):
            threading.Thread(target=done.wait).start()
    finally:
        done.set()
    return True
