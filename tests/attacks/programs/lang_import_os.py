"""Import what reaches the system."""

from __future__ import annotations

import os

ORIGIN = "The import allow-list."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return os.getpid() > 0
