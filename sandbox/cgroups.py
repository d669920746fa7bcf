"""A memory control group for a worker of several processes, where this account may make one.

Then all of its memory counts at once: what it allocates in any process, its files, and what the kernel holds for it.
Address space and looking (see `link`) bound the same less exactly, and are there everywhere.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from typing import Final

_ROOT: Final = "/sys/fs/cgroup"
_MB: Final = 1 << 20
# The pages of the fork server that a worker changes, and the kernel's tables: not the program's.
_OWN_MB: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """Where one version of control groups keeps the two files that matter: the limit, and whether it was hit."""

    limit: str
    events: str


_FIRST: Final = _Version(limit="memory.limit_in_bytes", events="memory.oom_control")
_SECOND: Final = _Version(limit="memory.max", events="memory.events")


class MemoryGroup:
    """One control group that holds one worker."""

    def __init__(self, folder: str, version: _Version) -> None:
        self._folder, self._version = folder, version

    @classmethod
    def create(cls, memory_mb: int, pid: int) -> MemoryGroup | None:
        """Put a worker into a group of its own; None where this account may not, which is no error."""
        place = _place()
        if place is None:
            return None
        parent, version = place
        group = cls(f"{parent}/ratchet-{secrets.token_hex(8)}", version)
        try:
            os.mkdir(group._folder)
            _write(f"{group._folder}/{version.limit}", (memory_mb + _OWN_MB) * _MB)
            _write(f"{group._folder}/cgroup.procs", pid)
        except OSError:
            group.close()
            return None
        return group

    def exhausted(self) -> bool:
        """Tell whether the kernel ended something in the group because its memory was used up."""
        with contextlib.suppress(OSError, ValueError), open(f"{self._folder}/{self._version.events}") as lines:
            return any(int(line.split()[1]) > 0 for line in lines if line.startswith("oom_kill "))
        return False

    def close(self) -> None:
        """Remove the group, once its processes have ended."""
        with contextlib.suppress(OSError):
            os.rmdir(self._folder)


def available() -> str:
    """Return which version can be used here, for the probe; an empty text for none."""
    place = _place()
    if place is None or not os.access(place[0], os.W_OK):
        return ""
    return "version 1" if place[1] is _FIRST else "version 2"


def _place() -> tuple[str, _Version] | None:
    """Return the group that this process is in, if groups with a memory limit may be made below it."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as lines:
            own = {kind: path for _, kind, path in (line.rstrip("\n").split(":", 2) for line in lines)}
    except (OSError, ValueError):
        return None
    first = f"{_ROOT}/memory{own.get('memory', '/')}".rstrip("/")
    if "memory" in own and os.access(f"{first}/cgroup.procs", os.W_OK):
        return first, _FIRST
    second = f"{_ROOT}{own.get('', '/')}".rstrip("/")
    with contextlib.suppress(OSError), open(f"{second}/cgroup.subtree_control", encoding="ascii") as text:
        if "memory" in text.read().split() and os.access(f"{second}/cgroup.procs", os.W_OK):
            return second, _SECOND
    return None


def _write(path: str, value: int) -> None:
    with open(path, "w", encoding="ascii") as stream:
        stream.write(str(value))
