"""Reach a module through another one."""

from __future__ import annotations

import random

ORIGIN = "smolagents, test_vulnerability_via_submodules: random._os."
SEEN = "claimed"
LANGUAGE = "dialect"


def attack(target):
    return random._os.getpid() > 0
