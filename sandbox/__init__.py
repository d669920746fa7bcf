"""Running code that nobody has to trust: programs in, outcomes out, the operating system in between.

Names are loaded when they are first used, so that importing one module of this package does not import them all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.errors import ProtocolError, SandboxError, SandboxUnavailable
    from sandbox.limits import Limits
    from sandbox.outcome import (
        Completed,
        Corrupted,
        Crashed,
        Denied,
        LimitExceeded,
        Outcome,
        Raised,
        Sample,
        TimedOut,
        Usage,
        Violation,
        describe,
    )
    from sandbox.policy import Policy
    from sandbox.program import Job, Level, Program
    from sandbox.sandbox import Sandbox
    from sandbox.session import Session

_HOMES = {
    "errors": ("ProtocolError", "SandboxError", "SandboxUnavailable"),
    "limits": ("Limits",),
    "outcome": (
        "Completed",
        "Corrupted",
        "Crashed",
        "Denied",
        "LimitExceeded",
        "Outcome",
        "Raised",
        "Sample",
        "TimedOut",
        "Usage",
        "Violation",
        "describe",
    ),
    "policy": ("Policy",),
    "program": ("Job", "Level", "Program"),
    "sandbox": ("Sandbox",),
    "session": ("Session",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Completed",
    "Corrupted",
    "Crashed",
    "Denied",
    "Job",
    "Level",
    "LimitExceeded",
    "Limits",
    "Outcome",
    "Policy",
    "Program",
    "ProtocolError",
    "Raised",
    "Sample",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailable",
    "Session",
    "TimedOut",
    "Usage",
    "Violation",
    "describe",
]


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
