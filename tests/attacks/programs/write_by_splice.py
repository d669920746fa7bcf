"""Move pages of a file into a pipe without copying."""

from __future__ import annotations

import os

ORIGIN = "Dirty Pipe, CVE-2022-0847: splice a read-only page into a pipe."
SEEN = "claimed"


def attack(target):
    with open("own", "wb") as stream:
        stream.write(b"x" * 100)
    reader, writer = os.pipe()
    source = os.open("own", os.O_RDONLY)
    splice = getattr(os, "splice", None)
    return splice is not None and splice(source, writer, 50) == 50
