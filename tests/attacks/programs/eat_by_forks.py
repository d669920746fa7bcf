"""Start more processes than the limit."""

from __future__ import annotations

import os
import signal

ORIGIN = "The fork bomb."
SEEN = "claimed"
LIMITS = {"processes": 8}


def attack(target):
    children = []
    try:
        for _ in range(40):
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
    return True
