"""Traverse attributes by format_map."""

from __future__ import annotations

ORIGIN = "langflow PR 13880: format_map too."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return "tuple" in "{x.__class__}".format_map({"x": ()})
