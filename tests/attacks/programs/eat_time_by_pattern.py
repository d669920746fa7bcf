"""Match a pattern that backtracks."""

from __future__ import annotations

import re

ORIGIN = "ReDoS."
SEEN = "claimed"
LIMITS = {"wall_s": 1}


def attack(target):
    return re.match("(a+)+$", "a" * 27 + "b") is None
