"""Fill memory with files."""

from __future__ import annotations

import os

ORIGIN = "Files of a tmpfs are memory too."
SEEN = "claimed"


def attack(target):
    with open("big", "wb") as stream:
        for _ in range(150):
            stream.write(bytes(1 << 20))
    os.unlink("big")
    return True
