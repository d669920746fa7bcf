"""Clear the parent-death signal."""

from __future__ import annotations

import ctypes

ORIGIN = "The parent-death signal can be switched off."
SEEN = "claimed"


def attack(target):
    return ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0
