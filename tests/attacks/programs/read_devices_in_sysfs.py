"""List the devices of the host."""

from __future__ import annotations

import os

ORIGIN = "sysfs is not namespaced."
SEEN = "claimed"


def attack(target):
    return bool(os.listdir("/sys/class"))
