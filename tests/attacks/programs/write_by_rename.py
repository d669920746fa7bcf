"""Move a file of one's own into a folder of the host."""

from __future__ import annotations

import os

ORIGIN = "Moving needs no open()."
SEEN = "written"


def attack(target):
    with open("mine", "w") as stream:
        stream.write("x")
    os.rename("mine", target["folder"] + "/mine")
