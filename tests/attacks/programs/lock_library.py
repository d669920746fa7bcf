"""Lock a file that programs of the host use too."""

from __future__ import annotations

import fcntl
import os

ORIGIN = "flock(2) takes an exclusive lock on what one may only read; who waits for it outside waits for ever."
SEEN = "claimed"


def attack(target):
    with open(os.__file__, "rb") as library:
        fcntl.flock(library, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
