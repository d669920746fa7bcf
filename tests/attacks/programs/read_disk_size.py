"""Learn how large the host's disk is and how full."""

from __future__ import annotations

import os

ORIGIN = "statfs(2) needs no more than the name of a file that may be seen."
SEEN = "claimed"
WASM = "other"


def attack(target):
    return os.statvfs(os.__file__).f_blocks > 0
