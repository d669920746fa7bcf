"""List the network interfaces of the host."""

from __future__ import annotations

import os

ORIGIN = "Reconnaissance."
SEEN = "claimed"


def attack(target):
    with open("/proc/net/dev") as stream:
        return "lo:" in stream.read()
