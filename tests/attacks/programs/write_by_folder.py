"""Make a folder in a folder of the host."""

from __future__ import annotations

import os

ORIGIN = "The first thing anyone tries."
SEEN = "written"


def attack(target):
    os.symlink("x", target["folder"] + "/mine")
