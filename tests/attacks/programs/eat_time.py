"""Wait longer than the limit."""

from __future__ import annotations

import time

ORIGIN = "Resource exhaustion, in every judge's threat model."
SEEN = "claimed"
LIMITS = {"wall_s": 1}


def attack(target):
    time.sleep(1.5)  # the attack itself
    return True
