"""Learn the name of the machine."""

from __future__ import annotations

import os

ORIGIN = "Fingerprinting of analysis machines."
SEEN = "claimed"
WASM = "other"


def attack(target):
    return os.uname().nodename != "sandbox"
