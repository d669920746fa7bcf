"""Open a file by the builtin."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    with open(target["secret_file"]) as stream:
        return len(stream.read()) > 5
