"""Have a program connect."""

from __future__ import annotations

import os

ORIGIN = "codex tests curl, wget and nc the same way."
SEEN = "connected"


def attack(target):
    os.system(f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{target['port']}'")
