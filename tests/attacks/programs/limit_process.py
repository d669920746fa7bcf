"""Change the limits of a host process."""

from __future__ import annotations

import resource

ORIGIN = "Denial of service by limits."
SEEN = "claimed"


def attack(target):
    now = resource.prlimit(target["pid"], resource.RLIMIT_NOFILE)
    resource.prlimit(target["pid"], resource.RLIMIT_NOFILE, now)
    return True
