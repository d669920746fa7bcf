"""Reach sys through a module that imports it."""

from __future__ import annotations

import dataclasses

ORIGIN = "Re-exported modules without an underscore."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return len(dataclasses.sys.modules) > 5
