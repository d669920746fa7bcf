"""Does a level really hold here? Attacks that must fail are run in it, and one program that must work.

Targets are real but harmless: a file, a folder, a listener on loopback and a process that the probe makes itself, so
that success is seen from outside and not only told from inside.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxUnavailable
from sandbox.outcome import Completed, describe
from sandbox.session import Session
from sandbox.text import visible
from sandbox.version import VERSION

CANARIES: Final = Path(__file__).with_name("canaries.py")
# Which layer a refusal comes from, by the errno it leaves, at the levels of the operating system.
_LAYER_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "read": {"ENOENT": "mounts", "EACCES": "landlock"},
    "write": {"ENOENT": "mounts", "EROFS": "mounts", "EACCES": "landlock"},
    "browse": {"EACCES": "landlock"},
    "connect": {
        "EPERM": "seccomp",
        "EACCES": "landlock",
        "ENETUNREACH": "network namespace",
        "ECONNREFUSED": "network",
    },
    "fork": {"EAGAIN": "seccomp", "EPERM": "seccomp"},
    "signal": {"ESRCH": "pid namespace", "EPERM": "landlock"},
    "execute": {"EPERM": "seccomp", "ENOENT": "mounts", "EACCES": "landlock"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelProbe:
    """What was found of one level. `layers` says what is in place and what stopped each canary; `why` says why not.

    `notes` says what this kernel or account cannot enforce exactly, and what is done instead.
    """

    available: bool
    layers: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    cure: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was found of every level."""

    levels: Mapping[str, LevelProbe]

    def __str__(self) -> str:
        return "\n".join(line for name, level in self.levels.items() for line in _lines(name, level))


def _lines(name: str, level: LevelProbe) -> Iterator[str]:
    yield f"{name}: {'available' if level.available else 'not available'}"
    if level.why:
        yield f"  {visible(level.why)}"
    yield from (f"  {layer}: {visible(text)}" for layer, text in level.layers.items())
    yield from (f"  note: {visible(note)}" for note in level.notes)


def probe_level(
    open_canaries: Callable[[], Session],
    layers: Callable[[], Mapping[str, str]],
    notes: Callable[[], tuple[str, ...]],
) -> LevelProbe:
    """Run the canaries in a session and judge them; a level that cannot start, or lets one through, is unavailable."""
    try:
        with open_canaries() as session, _targets() as targets:
            found = dict(layers())  # of whatever it was that started
            problems = list(_attacks(session, targets, found))
    except SandboxUnavailable as problem:
        layer = {problem.layer: problem.errno_name or problem.what}
        return LevelProbe(available=False, layers=layer, why=str(problem), cure=problem.cure)
    why = "; ".join(problems)
    return LevelProbe(available=not problems, layers=found, why=why, notes=notes())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Targets:
    folder: Path
    secret: str
    port: int
    victim: subprocess.Popen[bytes]
    connected: Callable[[], bool]


@contextmanager
def _targets() -> Iterator[_Targets]:
    secret = secrets.token_hex(16)
    with (
        tempfile.TemporaryDirectory() as name,
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
        ) as victim,
    ):
        folder = Path(name)
        os.chmod(folder, 0o777)  # noqa: S103 (the attack must not fail only because of its user)
        (folder / "secret").write_text(secret, encoding="ascii")
        listener.setblocking(False)

        def connected() -> bool:
            with suppress(OSError):
                listener.accept()[0].close()
                return True
            return False

        port = listener.getsockname()[1]
        yield _Targets(folder=folder, secret=secret, port=port, victim=victim, connected=connected)
        victim.kill()


def _attacks(session: Session, targets: _Targets, found: dict[str, str]) -> Iterator[str]:
    """Run every canary; note what stopped it in `found`, and give a problem for each that was not stopped."""
    control = session.call("benign", (20, 22))
    if not (isinstance(control, Completed) and control.value == 42):
        yield f"a harmless program does not work: {describe(control)}"
        return
    written = targets.folder / "written"
    attacks: dict[str, tuple[tuple[object, ...], Callable[[], bool]]] = {
        "read": ((str(targets.folder / "secret"), targets.secret), lambda: False),
        "write": ((str(written),), written.exists),
        "browse": ((), lambda: False),
        "connect": ((targets.port,), targets.connected),
        "fork": ((), lambda: False),
        "signal": ((targets.victim.pid,), lambda: targets.victim.poll() is not None),
        "execute": ((sys.executable,), lambda: False),
    }
    for name, (arguments, succeeded) in attacks.items():
        outcome = session.call(name, arguments)
        refusal = outcome.value if isinstance(outcome, Completed) else describe(outcome)
        if succeeded() or not refusal:
            if name == "browse" and "landlock" not in found:
                found[f"canary {name}"] = "not stopped: without Landlock the root, where nothing is, can be listed"
                continue
            yield f"the canary {name!r} was not stopped"
        else:
            layer = "webassembly" if "webassembly" in found else _LAYER_OF[name].get(str(refusal), "the level")
            found[f"canary {name}"] = f"stopped by {layer} ({refusal})"


class ProbeCache:
    """Keeps what was found, in a file where one is given, for as long as kernel, version and account stay the same."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "probe.json" if folder is not None else None
        self._known: dict[str, object] = {}

    def get(self, name: str, *, traits: str) -> LevelProbe | None:
        """Return what is known of a level; `traits` is what else it depends on."""
        entry = self._read().get(name)
        if not isinstance(entry, dict) or entry.get("key") != _key(traits):
            return None
        with suppress(TypeError, KeyError):
            fields = entry["found"]
            return LevelProbe(**{**fields, "notes": tuple(fields["notes"])})
        return None

    def put(self, name: str, found: LevelProbe, *, traits: str) -> None:
        """Remember what was found; only success is kept, since a failure may be cured at any moment."""
        if not found.available:
            return
        entries = self._known = {**self._read(), name: {"key": _key(traits), "found": asdict(found)}}
        if self._path is None:
            return
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = self._path.with_name(f"probe.{os.getpid()}.new")
            new.write_text(json.dumps(entries), encoding="utf-8")
            new.replace(self._path)

    def _read(self) -> dict[str, object]:
        if self._path is None:
            return self._known
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}


@functools.cache
def shared_cache() -> ProbeCache:
    """Return the cache of this process, for sandboxes that have no folder to keep one in."""
    return ProbeCache(None)


def _key(traits: str) -> str:
    parts = (platform.release(), platform.version(), platform.machine(), VERSION, sys.version, sys.executable)
    return "|".join((*parts, str(os.geteuid()), traits))
