"""Open a file of the host by its path."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "secret"


def attack(target):
    with open(target["secret_file"]) as stream:
        return stream.read()
