"""Read a forbidden attribute by operator."""

from __future__ import annotations

import operator

ORIGIN = "RestrictedPython PR 330: operator.attrgetter."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return operator.attrgetter("__class__")(()) is tuple
