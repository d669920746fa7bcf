"""Traverse attributes in a computed format string."""

from __future__ import annotations

ORIGIN = "llama_index PR 21633: the format string is data."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    text = "{0." + "__class__" + "}"
    return "tuple" in text.format(())
