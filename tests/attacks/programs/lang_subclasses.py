"""Walk from a tuple to every class."""

from __future__ import annotations

ORIGIN = "The subclass walk; smolagents, CVE-2025-9959."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return len(().__class__.__base__.__subclasses__()) > 10
