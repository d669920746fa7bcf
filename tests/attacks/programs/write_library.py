"""Open a module of the standard library for writing."""

from __future__ import annotations

import os

ORIGIN = "Persistence in the standard library."
SEEN = "claimed"
CONTROL = "root"


def attack(target):
    os.close(os.open(os.__file__, os.O_RDWR))
    return True
