"""Climb from a coroutine to its frames."""

from __future__ import annotations

ORIGIN = "simpleeval issue 138: coroutines have frames too."
SEEN = "claimed"
LANGUAGE = "dialect"


async def _nothing():
    return 1


def attack(target):
    coroutine = _nothing()
    frame = coroutine.cr_frame
    coroutine.close()
    return "open" in frame.f_builtins
