"""The level wasm: CPython on WebAssembly, for programs that need nothing of the outside. Needs the extra `wasm`.

The interpreter inside is another one (its own Python version, no threads, no processes, no native modules), so a
program may live here only if its tests ran here.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from sandbox.body import SpawnedBody
from sandbox.errors import ProtocolError, SandboxUnavailable
from sandbox.lifeline import Lifeline
from sandbox.limits import Limits
from sandbox.link import Link, frame_limit
from sandbox.protocol import Channel, Frame, Request
from sandbox.scratch import Scratch
from sandbox.spawn import interpreter, pair
from sandbox.starter import Kind

_DISTRIBUTION: Final = "pyeryx"  # the project called `eryx` is another one
_CURE: Final = "Install the extra `wasm` with Python 3.12 or later: pip install 'ratchet-repl[wasm]'."
_BUILD_S: Final = 300.0
_START_S: Final = 60.0
_OWN: Final = (
    *("__init__", "answers", "errors", "limits", "outcome", "places", "policy", "program", "values", "version"),
    "wasm_guest",
)
_BUILD: Final = "from sandbox.wasm_host import build; build(sys.argv[1], sys.argv[2], sys.argv[3:])"
_SERVE: Final = "from sandbox.wasm_host import main; main(int(sys.argv[1]), sys.argv[2], sys.argv[3])"
_NOTES: Final = (
    "memory is bounded by the runtime, and that of its process by looking every 50 ms",
    "inodes and descriptors have no limit but the memory that they take, and the size of a file none but the disk",
    "there are no threads and no processes, whatever the limits allow",
    "the hash seed is that of the snapshot: it cannot be chosen, and all workers share it",
    "the runtime is the only layer: its process has no namespaces and no filter of its own",
    "CPU seconds are exact to one look (50 ms), a share of the processor is kept by stopping and continuing",
    "the first use makes a snapshot, which takes some seconds; it is kept in the cache folder of the person",
)


class WasmLevel:
    """Starts interpreters in WebAssembly, each in a process of its own. Thread-safe."""

    def __init__(self, work: Path | None, modules: tuple[str, ...]) -> None:
        """`modules` are what programs find inside besides the standard library, as at the level process."""
        self._work = work
        self._modules = modules
        self._lock = threading.Lock()
        self._scratch: Scratch | None = None

    def start(self, kind: Kind, seed: int | None, limits: Limits, setup: Frame, first: Request | None = None) -> Link:
        """Return a worker; raises `SandboxUnavailable`. Hash seeds cannot be chosen inside."""
        del kind, seed, first
        site, snapshot = self._snapshot()
        ours, theirs = pair()
        output = os.memfd_create("output", os.MFD_CLOEXEC)
        lifeline = Lifeline()
        with theirs:
            keep = [theirs.fileno(), lifeline.reader]
            process = interpreter(_SERVE, str(theirs.fileno()), site, snapshot, keep=keep, output=output)
        lifeline.fasten(process.pid)
        body = SpawnedBody(process=process, pid=process.pid, output=output, lifeline=lifeline)
        channel = Channel(ours, frame_limit(limits))
        try:
            _greet(channel, {"limits": asdict(limits), **setup}, body)
            return Link(channel, body, limits)
        except BaseException:  # an interrupt, too, leaves no worker and nothing open
            channel.close()
            body.close()
            os.close(output)
            raise

    def layers(self) -> Mapping[str, str]:
        """Return what is in place at this level, for the probe."""
        return {"webassembly": f"{_DISTRIBUTION} {_version()}"}

    def traits(self) -> str:
        """Return the version of the runtime, empty without one."""
        with suppress(SandboxUnavailable):
            return _version()
        return ""

    def notes(self) -> tuple[str, ...]:
        """Return what cannot be enforced exactly here, and what is done instead."""
        return _NOTES

    def close(self) -> None:
        """Remove the snapshot if there was no folder to keep it in."""
        with self._lock:
            if self._scratch is not None:
                self._scratch.close()
                self._scratch = None

    def _snapshot(self) -> tuple[str, str]:
        """Return (folder of modules, snapshot file), made now if they are not there."""
        version = _version()
        files = _guest_files(self._modules)
        digest = hashlib.sha256(version.encode())
        for name, content in sorted(files.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        with self._lock:
            folder = self._folder() / f"wasm-{digest.hexdigest()[:16]}"
            site, snapshot = folder / "site-packages", folder / "snapshot"
            if not snapshot.is_file():
                _make(site, snapshot, files, self._modules)
            return str(site), str(snapshot)

    def _folder(self) -> Path:
        if self._work is not None:
            return self._work
        if self._scratch is None:
            self._scratch = Scratch("ratchet-wasm-")
        return self._scratch.path


def _version() -> str:
    try:
        version = importlib.metadata.version(_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as problem:
        raise SandboxUnavailable("wasm", _DISTRIBUTION, _CURE, what="is not installed") from problem
    if importlib.util.find_spec("eryx") is None:
        raise SandboxUnavailable("wasm", _DISTRIBUTION, _CURE, what="is not installed")
    return version


def _guest_files(modules: tuple[str, ...]) -> dict[str, bytes]:
    """Return the modules of the guest by path: pure Python only, and nothing that is not named."""
    own = Path(__file__).parent
    files = {f"sandbox/{name}.py": (own / f"{name}.py").read_bytes() for name in _OWN}
    files |= _package(own / "language", "sandbox/language")
    restricted = importlib.util.find_spec("RestrictedPython")
    if restricted is not None and restricted.origin is not None:
        files |= _package(Path(restricted.origin).parent, "RestrictedPython")
    for name in modules:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None or name.startswith("sandbox."):
            continue
        files[name.replace(".", "/") + ".py"] = Path(spec.origin).read_bytes()
        for parent in list(Path(name.replace(".", "/")).parents)[:-1]:
            files.setdefault(f"{parent}/__init__.py", b"")
    return files


def _package(folder: Path, name: str) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*.py") if "tests" not in path.parts]
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}


def _make(site: Path, snapshot: Path, files: Mapping[str, bytes], modules: tuple[str, ...]) -> None:
    for name, content in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    new = snapshot.with_name(f"snapshot.{os.getpid()}.new")
    more = [name for name in modules if not name.startswith("sandbox.")]
    with tempfile.TemporaryFile() as errors:
        process = interpreter(_BUILD, str(site), str(new), *more, output=errors.fileno())
        try:
            code = process.wait(_BUILD_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if code != 0:
            errors.seek(0)
            text = errors.read()[-1000:].decode(errors="replace")
            raise SandboxUnavailable("wasm", "snapshot", f"The snapshot could not be made: {text}")
    new.replace(snapshot)


def _greet(channel: Channel, setup: Frame, body: SpawnedBody) -> None:
    deadline = time.monotonic() + _START_S
    try:
        channel.send(setup, deadline)
        channel.receive(deadline)
    except ProtocolError as problem:
        text = os.pread(body.output, 1000, 0).decode(errors="replace")
        raise SandboxUnavailable("wasm", "interpreter", f"It did not start: {text or problem}") from problem
