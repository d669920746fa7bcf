"""Take a lease on a file that programs of the host use too."""

from __future__ import annotations

import fcntl
import os

ORIGIN = "fcntl(2): who opens a leased file for writing waits until the lease is given up, up to lease-break-time."
SEEN = "claimed"
CONTROL = "root"  # or the owner of the file


def attack(target):
    descriptor = os.open(os.__file__, os.O_RDONLY)
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    return True
