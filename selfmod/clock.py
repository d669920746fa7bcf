"""The clock as a value, so that what depends on the time can be given one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

#: Seconds since the epoch.
Clock: TypeAlias = Callable[[], float]


def wall_clock() -> float:
    """The time of now, in seconds since the epoch."""
    return time.time()
