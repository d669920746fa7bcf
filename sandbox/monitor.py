"""What a worker uses, read from outside: nothing here asks the worker anything."""

from __future__ import annotations

import contextlib
import os
import resource
from dataclasses import dataclass
from typing import Final

from sandbox.family import descendants
from sandbox.outcome import Sample

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = resource.getpagesize()
_MB: Final = 1 << 20
_REPORT: Final = 4000
_SAMPLES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at a worker: CPU and queued seconds so far, memory in bytes now and at its highest."""

    cpu_s: float = 0.0
    queued_s: float = 0.0
    memory: int = 0
    peak: int = 0


class Curve:
    """The looks at one call. Older ones get sparser, so that a long call takes no more room than a short one."""

    __slots__ = ("_samples",)

    def __init__(self) -> None:
        self._samples: list[Sample] = []

    def add(self, after_s: float, cpu_s: float, memory: float) -> None:
        """Keep one look; `memory` in bytes."""
        if len(self._samples) >= _SAMPLES:
            del self._samples[1::2]
        self._samples.append(
            Sample(after_s=round(after_s, 6), cpu_s=round(max(0.0, cpu_s), 6), memory_mb=round(memory / _MB, 3))
        )

    def samples(self) -> tuple[Sample, ...]:
        """Return what is kept, oldest first."""
        return tuple(self._samples)


class Monitor:
    """Reads one worker's /proc entry through a descriptor, so that a reused process number cannot mislead it."""

    def __init__(self, pid: int, output: int, *, many: bool) -> None:
        """Watch `pid`; `output` is the file in its tmpfs that takes what it prints. `many` includes its children.

        `last` is what the last look saw.
        """
        self._proc = os.open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._stat = os.open("stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        self._status = os.open("status", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        self._schedstat = self._open("schedstat") if os.path.exists("/proc/self/schedstat") else None
        self._output = output
        self._pid, self._many = pid, many
        self.last = Reading()

    def read(self) -> Reading:
        """Return the present figures, the last known ones when the worker is gone."""
        with contextlib.suppress(OSError):  # it is gone; what cannot be read of one that is there ends the call
            status = os.pread(self._status, 4096, 0)
            cpu, memory = _used(os.pread(self._stat, 2048, 0), status)
            for other in descendants(self._pid) if self._many else ():
                more_cpu, more_memory = _used_by(other)
                cpu, memory = cpu + more_cpu, memory + more_memory
            peak = max(self.last.peak, memory, _bytes(status, b"VmHWM"))
            self.last = Reading(cpu_s=cpu, queued_s=self.queued(), memory=memory, peak=peak)
        return self.last

    def queued(self) -> float:
        """Return for how long it could have run and no core was free; the last known value when it is gone."""
        if self._schedstat is not None:
            with contextlib.suppress(OSError, ValueError, IndexError):
                return int(os.pread(self._schedstat, 64, 0).split()[1]) / 1e9
        return self.last.queued_s

    def disk(self) -> int:
        """Return the bytes its tmpfs holds, which are memory too."""
        room = os.fstatvfs(self._output)
        return (room.f_blocks - room.f_bfree) * room.f_frsize

    def printed(self) -> int:
        """Return how many bytes it has printed."""
        return os.lseek(self._output, 0, os.SEEK_END)  # what is printed is appended wherever this stands

    def clear_output(self) -> None:
        """Forget what it printed, to give the space back to the next call."""
        os.ftruncate(self._output, 0)

    def report(self) -> str:
        """Return the end of what it printed: after a crash, what faulthandler wrote."""
        start = max(0, self.printed() - _REPORT)
        return os.pread(self._output, _REPORT, start).decode(errors="replace")

    def proportional_memory(self) -> int:
        """Return its PSS in bytes: shared pages divided among those who share them. Slow; for monitoring."""
        with contextlib.suppress(OSError, ValueError), open(self._open("smaps_rollup"), encoding="ascii") as lines:
            return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return 0

    def close(self) -> None:
        """Let go of its files; its tmpfs is freed with the last of them."""
        for descriptor in (self._proc, self._stat, self._status, self._schedstat, self._output):
            if descriptor is not None:
                os.close(descriptor)

    def _open(self, name: str) -> int:
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)


def _used_by(pid: int) -> tuple[float, int]:
    with (
        contextlib.suppress(OSError),
        open(f"/proc/{pid}/stat", "rb") as stat,
        open(f"/proc/{pid}/status", "rb") as status,
    ):
        return _used(stat.read(), status.read())
    return 0.0, 0


def _used(stat: bytes, status: bytes) -> tuple[float, int]:
    """Return (CPU seconds with those of collected children, resident bytes and those of page tables)."""
    fields = stat[stat.rindex(b")") + 2 :].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS, int(fields[21]) * _PAGE + _bytes(status, b"VmPTE")


def _bytes(status: bytes, name: bytes) -> int:
    """Return a figure of /proc/PID/status, 0 where there is none.

    It stands at the beginning of a line: a process chooses its own name, in which the kernel lets no line end.
    """
    start = status.find(b"\n" + name + b":")
    return int(status[start + len(name) + 2 : status.index(b"kB", start)]) * 1024 if start >= 0 else 0
