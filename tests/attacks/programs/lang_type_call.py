"""Make a class with a forbidden method."""

from __future__ import annotations

ORIGIN = "type with three arguments makes classes past the policy."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    kind = type("Kind", (), {"__getattr__": lambda self, name: 5})
    return kind().anything == 5
