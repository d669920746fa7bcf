"""Become root."""

from __future__ import annotations

import ctypes

ORIGIN = "CVE-2019-14287 and friends end in setuid(0)."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    return ctypes.CDLL(None).setuid(0) == 0
