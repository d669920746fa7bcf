"""Use up what one user may have of pipes."""

from __future__ import annotations

import fcntl
import os

ORIGIN = "fcntl(2), F_SETPIPE_SZ: over /proc/sys/fs/pipe-user-pages-soft the person's own new pipes get one page."
SEEN = "claimed"
SET_SIZE = 1031


def attack(target):
    _, writer = os.pipe()
    return fcntl.fcntl(writer, SET_SIZE, 1 << 20) >= 1 << 20
