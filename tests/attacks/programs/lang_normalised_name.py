"""Write a forbidden name in other letters."""

from __future__ import annotations

ORIGIN = "Identifiers are normalised after filters look."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return ().__clａss__ is tuple
