"""Make an executable file without a file system."""

from __future__ import annotations

import os

ORIGIN = "Fileless malware: memfd_create."
SEEN = "claimed"


def attack(target):
    os.close(os.memfd_create("x"))
    return True
