"""Compute in one C call longer than the limit."""

from __future__ import annotations

ORIGIN = "Python's own time-outs do not interrupt C code."
SEEN = "claimed"
LIMITS = {"wall_s": 1}


def attack(target):
    number = 3**4_500_000
    return number * number > 0
