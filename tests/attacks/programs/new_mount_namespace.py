"""Make a mount namespace."""

from __future__ import annotations

import ctypes

ORIGIN = "Mount namespaces lead to overlay faults (CVE-2023-0386)."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    return ctypes.CDLL(None).unshare(0x20000) == 0
