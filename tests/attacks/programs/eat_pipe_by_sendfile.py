"""Have the kernel make a pipe on the way from a file to a file; a process keeps it to its end."""

from __future__ import annotations

import os

ORIGIN = "sendfile(2) and copy_file_range(2) go through a hidden pipe that counts for the account like any other."
SEEN = "claimed"


def attack(target):
    with open("copy", "wb") as copy, open(os.__file__, "rb") as library:
        return os.sendfile(copy.fileno(), library.fileno(), 0, 1000) == 1000
