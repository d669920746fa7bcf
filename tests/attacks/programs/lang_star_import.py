"""Import everything of a module."""

from __future__ import annotations

ORIGIN = "Star imports bring names past the list."
SEEN = "claimed"
LANGUAGE = "dialect"


from os import *


def attack(target):
    return getpid() > 0
