"""Open the kernel's core pattern for writing."""

from __future__ import annotations

import os

ORIGIN = "core_pattern runs a program as root."
SEEN = "claimed"
CONTROL = "root"


def attack(target):
    os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
    return True
