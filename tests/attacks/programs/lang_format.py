"""Traverse attributes in a format string."""

from __future__ import annotations

ORIGIN = "RestrictedPython, CVE-2023-41039: format strings read attributes."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return "tuple" in "{0.__class__}".format(())
