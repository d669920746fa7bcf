"""Reach the builtins by globals()."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return "__builtins__" in globals()
