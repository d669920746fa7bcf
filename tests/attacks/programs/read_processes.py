"""List the processes of the host."""

from __future__ import annotations

import os

ORIGIN = "hidepid exists for a reason."
SEEN = "claimed"


def attack(target):
    return str(target["host_pid"]) in os.listdir("/proc")
