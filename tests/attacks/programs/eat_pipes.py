"""Have a pipe, which counts for the account."""

from __future__ import annotations

import os

ORIGIN = "pipe(7): over /proc/sys/fs/pipe-user-pages-soft the person's own new pipes hold 8 KB."
SEEN = "claimed"


def attack(target):
    _, writer = os.pipe()
    return os.write(writer, b"x" * 65536) == 65536
