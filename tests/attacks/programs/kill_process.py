"""Kill a process of the host."""

from __future__ import annotations

import os

ORIGIN = "The first thing anyone tries."
SEEN = "killed"


def attack(target):
    os.kill(target["pid"], 9)
