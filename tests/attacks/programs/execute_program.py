"""Run another program."""

from __future__ import annotations

import subprocess

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"


def attack(target):
    return subprocess.run([target["python"], "-c", ""]).returncode == 0
