"""Make more files than the limit."""

from __future__ import annotations

import os

ORIGIN = "Empty files cost no bytes."
SEEN = "claimed"
WASM = "other"


def attack(target):
    for number in range(3000):
        os.close(os.open(str(number), os.O_CREAT))
    return True
