"""Reach a dictionary by vars()."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"
LANGUAGE = "dialect"


class Hidden:
    _secret = 1


def attack(target):
    return vars(Hidden)["_secret"] == 1
