"""Replace the code of a function."""

from __future__ import annotations

ORIGIN = "smolagents PR 2281: __code__ can be assigned."
SEEN = "claimed"
LANGUAGE = "dialect"


def _one():
    return 1


def _two():
    return 2


def attack(target):
    _one.__code__ = _two.__code__
    return _one() == 2
