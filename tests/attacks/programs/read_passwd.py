"""Read the accounts of the host."""

from __future__ import annotations

ORIGIN = "The first thing anyone tries."
SEEN = "claimed"


def attack(target):
    with open("/etc/passwd") as stream:
        return "root:" in stream.read()
