"""Compute the forbidden name."""

from __future__ import annotations

ORIGIN = "smolagents, CVE-2025-5120: getattr with a computed name."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return getattr((), "__cla" + "ss__") is tuple
