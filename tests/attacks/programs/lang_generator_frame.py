"""Climb from a generator to its frames."""

from __future__ import annotations

ORIGIN = "RestrictedPython, CVE-2023-37271; simpleeval issue 138."
SEEN = "claimed"
LANGUAGE = "dialect"


def _numbers():
    yield 1


def attack(target):
    return "open" in _numbers().gi_frame.f_builtins
