"""Make a device node."""

from __future__ import annotations

import os
import stat

ORIGIN = "A block device of the host gives all of its files."
SEEN = "claimed"
CONTROL = "root"


def attack(target):
    os.mknod("device", 0o600 | stat.S_IFBLK, os.makedev(7, 200))
    return True
