"""Execute text."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    names = {}
    exec("import os; found = os.getpid()", names)
    return names["found"] > 0
