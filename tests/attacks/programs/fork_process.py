"""Start a process."""

from __future__ import annotations

import os

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"


def attack(target):
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0
