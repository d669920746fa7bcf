"""Read a forbidden attribute in a pattern."""

from __future__ import annotations

ORIGIN = "Class patterns read attributes without a dot."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    match ():
        case object(__class__=kind):
            return kind is tuple
