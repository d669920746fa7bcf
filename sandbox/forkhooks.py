"""What Python runs around every fork, and a fork server that has one thread does not need.

The hooks of `threading` and `logging` renew locks that somebody may hold. With one thread nobody does, and running them
touches two hundred pages of memory that every worker would then copy: a third of the time of a bare fork. All other
hooks run, so that random numbers are fresh in every worker. One that may fork itself gets the rest back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

_NEEDLESS: Final = frozenset({"threading", "logging", "concurrent.futures.thread"})
_register: Final[Callable[..., None]] = os.register_at_fork
_kept: Final[list[dict[str, Callable[[], object]]]] = []


def defer() -> None:
    """Keep the needless hooks of everything that is imported from now on."""
    setattr(os, "register_at_fork", _keep)  # noqa: B010 (only its signature differs)


def stop_deferring() -> None:
    """Let later imports register what they like."""
    os.register_at_fork = _register


def restore() -> None:
    """Register what was kept, for a process that may start threads and then fork."""
    while _kept:
        _register(**_kept.pop(0))


def _keep(**hooks: Callable[[], object]) -> None:
    if {getattr(hook, "__module__", None) for hook in hooks.values()} <= _NEEDLESS:
        _kept.append(hooks)
    else:
        _register(**hooks)
