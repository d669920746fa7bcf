"""Assign to a guard."""

from __future__ import annotations

ORIGIN = "Guards are global names."
SEEN = "claimed"
LANGUAGE = "dialect"


_getattr_ = getattr


def attack(target):
    return ().__class__ is tuple
