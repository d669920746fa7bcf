"""Allocate more than the limit."""

from __future__ import annotations

ORIGIN = "Resource exhaustion, in every judge's threat model."
SEEN = "claimed"


def attack(target):
    return len(bytearray(250 << 20)) > 0
