"""Run another program by posix_spawn."""

from __future__ import annotations

import os

ORIGIN = "posix_spawn does not look like fork."
SEEN = "claimed"


def attack(target):
    pid = os.posix_spawn(target["python"], [target["python"], "-c", ""], {})
    return os.waitpid(pid, 0)[1] == 0
