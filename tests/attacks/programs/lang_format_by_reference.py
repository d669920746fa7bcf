"""Take the format method and call it later."""

from __future__ import annotations

ORIGIN = "The method escapes the guard on calls."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    methods = [str.format]
    return "tuple" in methods[0]("{0.__class__}", ())
