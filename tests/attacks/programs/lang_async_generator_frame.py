"""Climb from an async generator to its frames."""

from __future__ import annotations

ORIGIN = "RestrictedPython 8.5: ag_frame."
SEEN = "claimed"
LANGUAGE = "dialect"


async def _numbers():
    yield 1


def attack(target):
    return "open" in _numbers().ag_frame.f_builtins
