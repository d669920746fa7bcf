"""What one worker uses, as its level can see it from outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Seconds of CPU so far, and bytes: memory now, its proportional share (PSS), its highest, and on disk."""

    cpu_s: float = 0.0
    memory: int = 0
    proportional: int = 0
    peak: int = 0
    disk: int = 0
