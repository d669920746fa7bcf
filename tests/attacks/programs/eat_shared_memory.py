"""Map more shared memory than the limit."""

from __future__ import annotations

import mmap

ORIGIN = "RLIMIT_DATA does not count shared maps."
SEEN = "claimed"


def attack(target):
    block = mmap.mmap(-1, 250 << 20)
    for page in range(0, len(block), 1 << 16):
        block[page] = 1
    return True
