"""Lower the priority of a host process."""

from __future__ import annotations

import os

ORIGIN = "Denial of service by priority."
SEEN = "claimed"


def attack(target):
    os.setpriority(os.PRIO_PROCESS, target["pid"], 1)
    return True
