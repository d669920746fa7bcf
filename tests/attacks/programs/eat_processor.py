"""Compute longer than the limit."""

from __future__ import annotations

import time

ORIGIN = "Resource exhaustion, in every judge's threat model."
SEEN = "claimed"
LIMITS = {"cpu_s": 1}
WASM = "other"


def attack(target):
    until = time.process_time() + 3.0
    while time.process_time() < until:
        pass
    return True
