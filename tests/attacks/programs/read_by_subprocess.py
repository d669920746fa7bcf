"""Have another program read the file."""

from __future__ import annotations

import subprocess

ORIGIN = "The first thing anyone tries."
SEEN = "secret"


def attack(target):
    return subprocess.run(["cat", target["secret_file"]], capture_output=True, text=True, check=True).stdout
