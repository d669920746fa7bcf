"""Handle page faults of one's own, to hold the kernel up in the middle of a copy."""

from __future__ import annotations

import ctypes
import os
import platform

ORIGIN = "userfaultfd wins the races of kernel exploits (CVE-2016-6187, CVE-2021-22555)."
SEEN = "claimed"
USER_MODE_ONLY = 1


def attack(target):
    number = 323 if platform.machine() == "x86_64" else 282
    return ctypes.CDLL(None).syscall(number, os.O_CLOEXEC | USER_MODE_ONLY) >= 0
