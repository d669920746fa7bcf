"""Evaluate text."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return eval("().__class__") is tuple
