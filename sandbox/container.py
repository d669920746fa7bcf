"""The level container: an OCI runtime makes the namespaces and mounts; limits, Landlock and seccomp are ours as well.

The root file system is made from the running Python (its binary, its library, the shared libraries of the host, the
packages that workers need), all read-only; no image is downloaded.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from sandbox import container_podman, container_runsc
from sandbox.body import SpawnedBody
from sandbox.container_config import config, make_root
from sandbox.container_launch import CHANNEL, OUTPUT
from sandbox.errors import ProtocolError, SandboxUnavailable
from sandbox.family import descendants
from sandbox.lifeline import Lifeline, parent_of
from sandbox.limits import Limits
from sandbox.link import Link, frame_limit
from sandbox.namespaces import INSIDE
from sandbox.protocol import Channel, Frame, Request
from sandbox.scratch import Scratch
from sandbox.spawn import interpreter, pair
from sandbox.starter import Kind

# In the order in which they are tried.
_RUNTIMES: Final = ("crun", "podman", "runsc")
_CURE: Final = "Install crun (apt-get install crun), or use the level process."
_LAUNCH: Final = (
    "from sandbox.container_launch import main; import json; "
    "main(tuple(map(int, sys.argv[1:4])), *json.loads(sys.argv[4]), sys.argv[5:])"
)
_START_S: Final = 60.0
_NOTES: Final = (
    "the worker's files are bounded by their tmpfs, beside the memory limit",
    "a share of the processor is kept as at the level process",
)


class ContainerLevel:
    """Starts containers with the first runtime that is installed and can start one. Thread-safe."""

    def __init__(self, modules: tuple[str, ...], runtimes: tuple[str, ...] = _RUNTIMES) -> None:
        """`modules` are imported before a program is loaded, as at the level process."""
        self._modules, self._runtimes = modules, runtimes
        self._runtime = ""
        self._lock = threading.Lock()
        self._scratch: Scratch | None = None

    def start(self, kind: Kind, seed: int | None, limits: Limits, setup: Frame, first: Request | None = None) -> Link:
        """Return an isolated worker; raises `SandboxUnavailable`, with what each runtime said."""
        del kind, first
        said = []
        for runtime in [self._runtime] if self._runtime else self._installed():
            try:
                link = self._start(runtime, seed, limits, setup)
            except SandboxUnavailable as problem:
                if problem.layer != "runtime":
                    raise
                said.append(f"{Path(runtime).name}: {problem.cure}")
                continue
            self._runtime = runtime
            return link
        raise SandboxUnavailable("container", "runtime", "; ".join(said) or _CURE)

    def _installed(self) -> list[str]:
        return [path for path in map(shutil.which, self._runtimes) if path is not None]

    def _start(self, runtime: str, seed: int | None, limits: Limits, setup: Frame) -> Link:
        bundle = self._bundle()
        own_kernel = Path(runtime).name == container_runsc.NAME
        if own_kernel:
            setup = container_runsc.place_files(bundle, setup)
        ours, theirs = pair()
        channel = Channel(ours, frame_limit(limits))
        output = os.memfd_create("output", os.MFD_CLOEXEC)
        lifeline = Lifeline()
        body = None
        try:
            with theirs:
                kept = (theirs.fileno(), output, lifeline.reader)
                process = self._run(runtime, bundle, kept, limits, seed)
            body = _body(process, bundle, output, channel, lifeline)
            inherited = None if own_kernel else _address_space(body.pid)  # it is not the program's that shows there
            _isolate(channel, body, limits, {"inherited": inherited, **setup})
            return Link(channel, body, limits, many=own_kernel)
        except BaseException:  # an interrupt, too, leaves no container and nothing open
            channel.close()
            if body is not None:
                body.close()
            lifeline.cut()
            os.close(output)
            shutil.rmtree(bundle, ignore_errors=True)
            raise

    def _run(
        self, runtime: str, bundle: Path, kept: tuple[int, int, int], limits: Limits, seed: int | None
    ) -> subprocess.Popen[bytes]:
        name = Path(runtime).name
        seats = container_runsc.SEATS if name == container_runsc.NAME else (CHANNEL, OUTPUT)
        described = config(self._root(), seats, limits, seed, self._modules)
        boxes: dict[str, str] = {}
        if name == container_podman.NAME:
            boxes = container_podman.boxes(bundle, described)
            words = container_podman.command(runtime, bundle, described)
        elif name == container_runsc.NAME:
            boxes = container_runsc.boxes(bundle, described)
            described = container_runsc.describe(bundle, described)
            words = container_runsc.command(runtime, bundle)
        else:
            options = ["--preserve-fds=2", f"--pid-file={bundle}/pid", f"--bundle={bundle}"]
            words = [runtime, f"--root={bundle}/state", "--cgroup-manager=disabled", "run", *options, bundle.name]
        (bundle / "config.json").write_text(json.dumps(described), encoding="utf-8")
        arranged = json.dumps([seats, boxes, container_podman.USER if name == container_podman.NAME else INSIDE])
        return interpreter(_LAUNCH, *map(str, kept), arranged, *words, keep=kept, output=kept[1])

    def layers(self) -> Mapping[str, str]:
        """Return what is in place at this level, for the probe."""
        from sandbox import syscalls

        installed = self._installed()
        if not installed:
            raise SandboxUnavailable("container", "runtime", _CURE)
        runtime = self._runtime or installed[0]
        said = subprocess.run([runtime, "--version"], capture_output=True, text=True).stdout.splitlines()
        version = said[0] if said else Path(runtime).name
        if Path(runtime).name == container_runsc.NAME:
            return {"runtime": version, "kernel": "gVisor, a program", "seccomp": "allow-list, as gVisor applies it"}
        abi = syscalls.landlock_abi()
        landlock = {"landlock": f"version {abi}"} if abi else {}
        seccomp = f"allow-list for {syscalls.machine()}"
        return {"runtime": version, **landlock, "seccomp": seccomp}

    def traits(self) -> str:
        """Return which runtimes are installed, and of what size and date."""
        found = [(path, os.stat(path)) for path in self._installed()]
        return " ".join(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in found)

    def notes(self) -> tuple[str, ...]:
        """Return what cannot be enforced exactly here, and what is done instead."""
        return (*_NOTES, *(container_runsc.notes() if Path(self._runtime).name == container_runsc.NAME else ()))

    def close(self) -> None:
        """Remove the root file system."""
        with self._lock:
            if self._scratch is not None:
                self._scratch.close()
                self._scratch = None

    def _home(self) -> Path:
        with self._lock:
            if self._scratch is None:
                scratch = Scratch("ratchet-container-")
                scratch.path.chmod(0o711)  # the user inside may pass through, not look around
                make_root(scratch.path / "root")
                container_podman.add_places(scratch.path / "root")
                self._scratch = scratch
            return self._scratch.path

    def _root(self) -> Path:
        return self._home() / "root"

    def _bundle(self) -> Path:
        bundle = self._home() / secrets.token_hex(6)  # podman takes no long paths
        bundle.mkdir(mode=0o700)
        return bundle


def _body(
    process: subprocess.Popen[bytes], bundle: Path, output: int, channel: Channel, lifeline: Lifeline
) -> SpawnedBody:
    """Wait until Python runs inside, and find its first process."""
    try:
        channel.receive(time.monotonic() + _START_S)
        pid = int((bundle / "pid").read_text(encoding="ascii"))
        parent = _parent(pid, process, bundle)
        lifeline.fasten(parent)
        keeper = parent if parent != process.pid else 0
        return SpawnedBody(process=process, pid=pid, output=output, lifeline=lifeline, keeper=keeper, folder=bundle)
    except (ProtocolError, OSError, ValueError) as problem:
        process.kill()
        process.wait()
        text = os.pread(output, 1000, 0).decode(errors="replace").strip()
        raise SandboxUnavailable("container", "runtime", f"It did not start: {text or problem}") from problem


def _parent(pid: int, process: subprocess.Popen[bytes], bundle: Path) -> int:
    """Return what the first process inside dies with (see `contained`): the runtime, or its monitor, nothing else."""
    parent, monitor = parent_of(pid), bundle / container_podman.MONITOR
    ours = {process.pid, *descendants(process.pid)}
    if monitor.is_file():
        ours.add(int(monitor.read_text(encoding="ascii")))
    if parent not in ours:
        raise ProcessLookupError(f"process {parent} is not the runtime")
    return parent


def _address_space(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGESIZE")


def _isolate(channel: Channel, body: SpawnedBody, limits: Limits, setup: Frame) -> None:
    deadline = time.monotonic() + _START_S
    answer: Frame = {}
    with suppress(ProtocolError):
        channel.send({"limits": asdict(limits), **setup}, deadline)
        answer = channel.receive(deadline)
    if not answer.get("ready"):
        said = os.pread(body.output, 1000, 0).decode(errors="replace").strip()
        layer, detail = str(answer.get("failed", "worker")), str(answer.get("detail", said))
        raise SandboxUnavailable("container", layer, f"{_CURE} ({detail})", str(answer.get("errno", "")))
