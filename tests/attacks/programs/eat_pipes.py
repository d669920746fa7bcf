"""Fill pipes."""

from __future__ import annotations

import os

ORIGIN = "Pipe buffers are kernel memory."
SEEN = "claimed"


def attack(target):
    return len([os.pipe() for _ in range(200)]) == 200
