"""Open one's own memory for writing."""

from __future__ import annotations

import os

ORIGIN = "Debuggers write /proc/self/mem past page protection."
SEEN = "claimed"


def attack(target):
    os.close(os.open("/proc/self/mem", os.O_RDWR))
    return True
