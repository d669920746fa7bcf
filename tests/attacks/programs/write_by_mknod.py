"""Make a pipe in a folder of the host."""

from __future__ import annotations

import os

ORIGIN = "mknod makes files past open()."
SEEN = "written"


def attack(target):
    os.mkfifo(target["folder"] + "/mine")
