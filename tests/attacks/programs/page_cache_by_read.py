"""Learn by reading which pages of a file are in memory."""

from __future__ import annotations

import os

ORIGIN = "preadv2(2), RWF_NOWAIT: the page cache attacks (CVE-2019-5489) once mincore(2) had been closed."
SEEN = "claimed"


def attack(target):
    with open(os.__file__, "rb") as library:
        library.read()
        return os.preadv(library.fileno(), [bytearray(10)], 0, os.RWF_NOWAIT) == 10
