"""Make a file in /dev/shm."""

from __future__ import annotations

import os

ORIGIN = "/dev/shm is shared by everyone."
SEEN = "claimed"


def attack(target):
    path = f"/dev/shm/attack-{os.getpid()}"
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    os.unlink(path)
    return True
