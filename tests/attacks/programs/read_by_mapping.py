"""Map the file instead of reading it."""

from __future__ import annotations

import mmap
import os

ORIGIN = "Maps do not pass through read()."
SEEN = "secret"


def attack(target):
    descriptor = os.open(target["secret_file"], os.O_RDONLY)
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as block:
        return bytes(block).decode()
