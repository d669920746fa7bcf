"""Unpack more than the memory limit."""

from __future__ import annotations

import zlib

ORIGIN = "Decompression bombs."
SEEN = "claimed"


def attack(target):
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(160)) + packer.flush()
    return len(zlib.decompress(packed)) > 0
