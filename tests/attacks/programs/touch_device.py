"""Change the times of a device that every program may write to."""

from __future__ import annotations

import os

ORIGIN = "A device that is bound from the host is the host's own inode; its times carry a bit to whoever looks."
SEEN = "claimed"


def attack(target):
    before = os.stat("/dev/null").st_mtime_ns
    os.utime("/dev/null")
    return os.stat("/dev/null").st_mtime_ns != before
