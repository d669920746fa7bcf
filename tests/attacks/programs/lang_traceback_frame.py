"""Climb from an exception to frames."""

from __future__ import annotations

ORIGIN = "smolagents, test_vulnerability_via_traceback."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    try:
        1 / 0
    except ZeroDivisionError as problem:
        return "open" in problem.__traceback__.tb_frame.f_builtins
