"""Run a shell."""

from __future__ import annotations

import os

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"


def attack(target):
    return os.system("true") == 0
