"""Change the program that was approved."""

from __future__ import annotations

import os

ORIGIN = "Code that changes itself after approval."
SEEN = "claimed"
WASM = "other"


def attack(target):
    folder = "/plugin" if os.path.isdir("/plugin") else "."
    with open(folder + "/plugin.py", "w") as stream:
        stream.write("")
    return True
