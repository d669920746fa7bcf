"""Control groups for a worker, where this account may make them: memory of several processes, a share of the processor.

In a group all memory counts at once: what is allocated in any process, files, and what the kernel holds for them.
Address space and looking (see `link`) bound the same less exactly, and are there everywhere; so is stopping and
continuing in the place of a quota.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from typing import Final

from sandbox.family import descendants

_ROOT: Final = "/sys/fs/cgroup"
_MB: Final = 1 << 20
# The pages of the fork server that a worker changes, and the kernel's tables: not the program's.
_OWN_MB: Final = 16
_PERIOD_US: Final = 50_000


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

    @property
    def folder(self) -> str:
        """Where it is."""
        return self._folder

    @classmethod
    def create(cls, memory_mb: int, pid: int) -> MemoryGroup | None:
        """Put a worker into a group of its own; None where this account may not, which is no error."""
        place = _place("memory")
        if place is None:
            return None
        parent, number = place
        version = _FIRST if number == 1 else _SECOND
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


class CpuGroup:
    """One control group whose processes share a quota of processor time; without limit until it is braked."""

    def __init__(self, folder: str, version: int, *, own: bool) -> None:
        self._folder, self._version, self._own = folder, version, own
        self._percent = 100

    @classmethod
    def create(cls, pid: int, *, beside: MemoryGroup | None) -> CpuGroup | None:
        """Put a worker and its children into a group; None where this account may not. `beside` holds it already."""
        place = _place("cpu")
        if place is None:
            return None
        parent, version = place
        if beside is not None and version == 2:  # a process is in one group only, for all that it limits
            return cls(beside.folder, version, own=False)
        group = cls(f"{parent}/ratchet-{secrets.token_hex(8)}", version, own=True)
        try:
            os.mkdir(group._folder)
            for one in (pid, *descendants(pid)):
                with contextlib.suppress(ProcessLookupError):
                    _write(f"{group._folder}/cgroup.procs", one)
            group.resume()
        except OSError:
            group.close()
            return None
        return group

    def brake(self, percent: int) -> CpuGroup:
        """Set the share that `stop` holds the worker to."""
        self._percent = percent
        return self

    def stop(self) -> None:
        """Hold it to its share from now on."""
        self._quota(str(self._percent * _PERIOD_US // 100))

    def resume(self) -> None:
        """Let it run freely."""
        self._quota("-1" if self._version == 1 else "max")

    def close(self) -> None:
        """Remove the group, once its processes have ended."""
        if self._own:
            with contextlib.suppress(OSError):
                os.rmdir(self._folder)

    def _quota(self, quota: str) -> None:
        if self._version == 1:
            _write(f"{self._folder}/cpu.cfs_period_us", _PERIOD_US)
            _write(f"{self._folder}/cpu.cfs_quota_us", quota)
        else:
            _write(f"{self._folder}/cpu.max", f"{quota} {_PERIOD_US}")


def available(controller: str = "memory") -> str:
    """Return which version can be used here, for the probe; an empty text for none."""
    place = _place(controller)
    return f"version {place[1]}" if place is not None and os.access(place[0], os.W_OK) else ""


def _place(controller: str) -> tuple[str, int] | None:
    """Return the group that this process is in, and its version, if groups with this controller may be made below."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as lines:
            return find(controller, lines.read(), _ROOT)
    except (OSError, ValueError):
        return None


def find(controller: str, memberships: str, root: str) -> tuple[str, int] | None:
    """Find that group from the text of /proc/self/cgroup, beneath the folder that control groups are mounted on."""
    own = {kinds: path for _, kinds, path in (line.split(":", 2) for line in memberships.splitlines())}
    for kinds, path in own.items():
        first = f"{root}/{kinds}{path}".rstrip("/")
        if controller in kinds.split(",") and os.access(f"{first}/cgroup.procs", os.W_OK):
            return first, 1
    second = f"{root}{own.get('', '/')}".rstrip("/")
    with contextlib.suppress(OSError), open(f"{second}/cgroup.subtree_control", encoding="ascii") as text:
        if controller in text.read().split() and os.access(f"{second}/cgroup.procs", os.W_OK):
            return second, 2
    return None


def _write(path: str, value: int | str) -> None:
    with open(path, "w", encoding="ascii") as stream:
        stream.write(str(value))
