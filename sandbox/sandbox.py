"""The door of this package: open a program in a worker, or run one of our jobs in one."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self

from sandbox import places
from sandbox.container import ContainerLevel
from sandbox.errors import SandboxUnavailable
from sandbox.launcher import ForkServer
from sandbox.limits import Limits
from sandbox.link import setup_frame
from sandbox.outcome import Crashed, LimitExceeded, Outcome
from sandbox.outside.base import Closed, Outside
from sandbox.policy import Policy
from sandbox.probe import CANARIES, LevelProbe, Probe, ProbeCache, probe_level, shared_cache
from sandbox.process import ProcessLevel
from sandbox.program import Job, Level, Program
from sandbox.rest import Resting
from sandbox.session import Refusal, Session, Worker
from sandbox.starter import Kind, Starter
from sandbox.values import encode
from sandbox.wasm import WasmLevel

# By name: the fork server imports them, this package does not.
PRELOAD: Final[Mapping[Kind, tuple[str, ...]]] = {
    "plain": ("sandbox.language", "plugins.sdk"),
    "tests": ("sandbox.language", "plugins.sdk", "pytest", "coverage"),
    "parse": ("ruamel.yaml",),
}
_MB: Final = 1 << 20


class Sandbox:
    """Owns the fork servers of one Ratchet process; thread-safe. Making one starts nothing."""

    def __init__(
        self,
        *,
        allow_missing_landlock: bool = False,
        work: Path | None = None,
        preload: Mapping[Kind, tuple[str, ...]] | None = None,
    ) -> None:
        """`work` is a folder for what is kept between runs (the probe's result); without one nothing is kept."""
        self._allow_missing_landlock = allow_missing_landlock
        self._cache = ProbeCache(work) if work is not None else shared_cache()
        preloads = {**PRELOAD, **(preload or {})}
        self._process = ProcessLevel(preloads)
        self._levels: dict[Level, Starter] = {
            "process": self._process,
            "wasm": WasmLevel(work, preloads["plain"]),
            "container": ContainerLevel(preloads["plain"]),
        }
        self._resting = Resting()
        self._lock = threading.Lock()
        self._required: set[Level] = set()

    def probe(self, *, fresh: bool = False) -> Probe:
        """Return what holds here at each level; from the cache unless `fresh`, or kernel or version have changed."""
        return Probe(levels={name: self._probe_level(name, fresh=fresh) for name in self._levels})

    def require(self, level: Level = "process") -> None:
        """Raise `SandboxUnavailable` unless this level holds here; cheap after the first time."""
        with self._lock:
            if level in self._required:
                return
        if level not in self._levels:
            raise SandboxUnavailable(level, "level", f"There is no such level; use one of {', '.join(self._levels)}.")
        found = self._probe_level(level, fresh=False)
        if not found.available:
            layer = next(iter(found.layers), level)
            answer = found.layers.get(layer, "")
            number = answer if hasattr(errno, answer) else ""
            what = answer if found.cure and not number else "failed"
            raise SandboxUnavailable(level, layer, found.cure or found.why, number, what=what)
        with self._lock:
            self._required.add(level)

    def _probe_level(self, level: Level, *, fresh: bool) -> LevelProbe:
        starter = self._levels[level]
        traits = f"{self._allow_missing_landlock} {starter.traits()}"
        known = None if fresh else self._cache.get(level, traits=traits)
        if known is not None:
            return known
        program = Program(files={"canaries.py": CANARIES.read_bytes()}, entry="canaries.py", language="plain")
        found = probe_level(lambda: self._open(program, Limits(), level, None, None), starter.layers, starter.notes)
        self._cache.put(level, found, traits=traits)
        return found

    def open(
        self,
        program: Program,
        *,
        policy: Policy,
        limits: Limits,
        level: Level = "process",
        outside: Outside | None = None,
        seed: int | None = None,
    ) -> Session:
        """Load a program. Raises `SandboxUnavailable`, never for what the program contains: see `Session.loaded`."""
        del policy  # what it grants is answered by `outside`; nothing of the host is mounted for it
        self.require(level)
        return self._open(program, limits, level, outside, seed)

    def _open(
        self, program: Program, limits: Limits, level: Level, outside: Outside | None, seed: int | None
    ) -> Session:
        _check_paths(program.files)
        setup = setup_frame(program.files, places.PLUGIN, allow_missing_landlock=self._allow_missing_landlock)
        load = ("load", [program.entry, program.language])
        too_large = _too_large(program.files, limits)
        levels = self._levels

        def start() -> Worker:
            if too_large is not None:
                return Refusal(too_large)
            return levels[level].start("plain", seed, limits, setup, load)

        rest = self._resting.after_use
        return Session(start, load, limits=limits, outside=outside or Closed(), rest=rest)

    def run(
        self,
        job: Job,
        *,
        limits: Limits,
        kind: Kind = "plain",
        seed: int | None = None,
        on_note: Callable[[object], None] | None = None,
    ) -> Outcome:
        """Run one of our functions on hostile data in a fresh worker."""
        self.require("process")
        files = job.files or {}
        _check_paths(files)
        request = ("job", [job.function, encode(job.argument)])
        too_large = _too_large(files, limits)
        if too_large is not None:
            return too_large
        setup = setup_frame(files, places.WORK, allow_missing_landlock=self._allow_missing_landlock)
        for _ in range(2):
            worker = self._process.start(kind, seed, limits, setup, request)
            try:
                notes = on_note or _ignore
                outcome = worker.converse(request, wall_s=limits.wall_s, outside=Closed(), on_note=notes)
            finally:
                worker.close()
            if not (isinstance(outcome, Crashed) and worker.lost_server and on_note is None):
                break
        return outcome

    def warm(self, servers: Iterable[tuple[Kind, int | None]]) -> None:
        """Start the fork servers of these kinds and hash seeds side by side, for work that will need them soon.

        It waits for none and raises for none: the work does, where it needs one.
        """
        for kind, seed in servers:
            self._process.warm(kind, seed)

    def servers(self) -> tuple[ForkServer, ...]:
        """Return the fork servers in use, for reports and tests."""
        return self._process.servers()

    def close(self) -> None:
        """End everything that was started."""
        self._resting.close()
        for level in self._levels.values():
            level.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ignore(note: object) -> None:
    """Drop a note of a job whose caller wants none."""


def _check_paths(files: Mapping[str, bytes]) -> None:
    """Refuse paths that would not stay in their folder: those of a candidate have been checked long before."""
    for path in files:
        parts = PurePosixPath(path)
        if not path or "\0" in path or parts.is_absolute() or ".." in parts.parts or str(parts) != path:
            raise ValueError(f"{path!r} is not a plain relative path")


def _too_large(files: Mapping[str, bytes], limits: Limits) -> Outcome | None:
    size = sum(len(content) for content in files.values())
    if size > limits.disk_mb * _MB:
        return LimitExceeded(limit="disk_mb", message=f"the files alone are {size} bytes; {limits.told('disk_mb')}")
    if len(files) > limits.inodes:
        return LimitExceeded(limit="inodes", message=f"{len(files)} files; {limits.told('inodes')}")
    return None
