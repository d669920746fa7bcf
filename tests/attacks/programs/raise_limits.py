"""Raise one's own limits."""

from __future__ import annotations

import resource

ORIGIN = "Soft limits are only a suggestion."
SEEN = "claimed"


def attack(target):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard - 1, hard - 1))
    return True
