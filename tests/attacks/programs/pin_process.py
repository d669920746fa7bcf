"""Choose the processor of a host process."""

from __future__ import annotations

import os

ORIGIN = "Denial of service by affinity."
SEEN = "claimed"


def attack(target):
    os.sched_setaffinity(target["pid"], os.sched_getaffinity(target["pid"]))
    return True
