"""Write a forbidden attribute by augmented assignment."""

from __future__ import annotations

ORIGIN = "smolagents, CVE-2026-4963: augmented assignment was not checked."
SEEN = "claimed"
LANGUAGE = "dialect"


def _one():
    return 1


def attack(target):
    _one.__doc__ = ""
    _one.__doc__ += "changed"
    return _one.__doc__ == "changed"
