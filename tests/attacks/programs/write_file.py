"""Make a file in a folder of the host."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "written"


def attack(target):
    with open(target["folder"] + "/mine", "w") as stream:
        stream.write("x")
