"""Return more than the limit."""

from __future__ import annotations

ORIGIN = "A host that reads a whole answer holds it."
SEEN = "large"


def attack(target):
    return "x" * 3_000_000
