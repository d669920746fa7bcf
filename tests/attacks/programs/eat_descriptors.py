"""Open more descriptors than the limit."""

from __future__ import annotations

import os

ORIGIN = "Resource exhaustion, in every judge's threat model."
SEEN = "claimed"


def attack(target):
    return len([os.dup(0) for _ in range(300)]) == 300
