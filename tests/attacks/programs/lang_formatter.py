"""Traverse attributes by string.Formatter."""

from __future__ import annotations

import string

ORIGIN = "RestrictedPython, CVE-2026-76825: string.Formatter."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return string.Formatter().get_field("0.__class__", ((),), {})[0] is tuple
