"""Print more than the limit."""

from __future__ import annotations

ORIGIN = "Pipes that nobody empties block; buffers that everybody empties grow."
SEEN = "claimed"


def attack(target):
    for _ in range(8):
        print("x" * (1 << 20))
    return True
