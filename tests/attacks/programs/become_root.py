"""Make a user namespace."""

from __future__ import annotations

import ctypes

ORIGIN = "User namespaces give capabilities (CVE-2022-0185 and many more)."
SEEN = "claimed"
SETTING = "user.max_user_namespaces"


def attack(target):
    return ctypes.CDLL(None).unshare(0x10000000) == 0
