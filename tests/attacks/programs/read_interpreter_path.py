"""Reach the binary of the running process."""

from __future__ import annotations

import os

ORIGIN = "runc, CVE-2019-5736: /proc/self/exe is the host's binary."
SEEN = "claimed"


def attack(target):
    return os.path.exists(os.readlink("/proc/self/exe"))
