"""Call a forbidden method by operator."""

from __future__ import annotations

import operator

ORIGIN = "RestrictedPython PR 330: operator.methodcaller."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return len(operator.methodcaller("__subclasses__")(object)) > 10
