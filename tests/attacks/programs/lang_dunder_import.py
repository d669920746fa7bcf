"""Import by the builtin."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return __import__("os").getpid() > 0
