"""Open a terminal."""

from __future__ import annotations

import os

ORIGIN = "A terminal can be typed into (TIOCSTI, CVE-2017-5226)."
SEEN = "claimed"


def attack(target):
    for descriptor in os.openpty():
        os.close(descriptor)
    return True
