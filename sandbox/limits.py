"""How much a sandboxed program may use before it is stopped."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings of one sandbox; each is enforced from outside the program.

    Units are in the names: MB is 2**20 bytes, `_s` is seconds. `cpu_percent` is a share of one core, averaged after a
    burst; `cpu_s` is the whole CPU time of one call.
    """

    memory_mb: int = 100
    cpu_percent: int = 100
    cpu_s: int = 30
    wall_s: float = 30.0
    disk_mb: int = 50
    inodes: int = 4096
    file_mb: int = 50
    open_files: int = 64
    processes: int = 1
    output_kb: int = 1024
    network_mb: int = 10
    concurrent_calls: int = 5
    queued_calls: int = 32

    def told(self, name: str) -> str:
        """Say how much one of them is, with the unit that its name holds."""
        unit = {"mb": " MB", "kb": " KB", "s": " s", "percent": " %"}.get(name.rpartition("_")[2], "")
        return f"the limit is {getattr(self, name)}{unit}"
