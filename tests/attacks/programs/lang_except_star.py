"""Get at an exception group."""

from __future__ import annotations

ORIGIN = "RestrictedPython, CVE-2025-22153: except*."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    try:
        raise ExceptionGroup("x", [ValueError()])
    except* ValueError as group:
        found = group.__traceback__.tb_frame
    return "open" in found.f_builtins
