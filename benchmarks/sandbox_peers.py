"""The peers of the sandbox on the same work: something fresh, a function defined in it, one call, its result.

Programs are started once for each run; libraries run in the environment of `requirements/bench.txt`, in a process each
that stays (`benchmarks.sandbox_peer`). A peer that is not installed, or does not run here, is named with the reason.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.measure import Row
from benchmarks.sandbox_peer import CALL, PROGRAM, RESULT

Timed = Callable[[], float]

_PYTHON: Final = (sys.executable, "-I", "-S", "-c", f"{PROGRAM}print({CALL})")
WORK: Final = "a fresh sandbox, a function, one call and the end"
#: Programs in front of Python, and the one that has to be installed.
PROGRAMS: Final = {
    "python alone (no boundary)": (),
    "bwrap and python": ("bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent"),
    "firejail and python": ("firejail", "--quiet", "--noprofile", "--net=none"),
    "podman and python": ("podman", "run", "--rm", "--network=none", "--rootfs", "/:O"),
}
LIBRARIES: Final = {
    "pydantic-monty (an interpreter of its own)": "monty",
    "smolagents' local executor (no boundary)": "smolagents",
    "eryx (CPython in WebAssembly)": "eryx",
}
#: Where a library is missing although its requirements are installed.
_NEEDS: Final = {"eryx": "not installed: it needs Python 3.12 or later"}
_ENVIRONMENT: Final = Path(sys.executable).parent.parent / "bench/bin/python"
_SCRIPT: Final = Path(__file__).with_name("sandbox_peer.py")


class PeerMissingError(Exception):
    """A peer cannot be measured here; the text says why."""


@dataclass(slots=True, kw_only=True)
class Peers:
    """What can be measured here, and why the others cannot."""

    works: dict[str, Timed] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@contextmanager
def peers() -> Iterator[Peers]:
    """Start each peer and try it once."""
    found = Peers()
    with ExitStack() as stack:
        starts: dict[str, Callable[[], Timed]] = {
            **{name: partial(_program, words) for name, words in PROGRAMS.items()},
            **{name: partial(_entered, stack, key) for name, key in LIBRARIES.items()},
        }
        for name, start in starts.items():
            try:
                work = start()
                work()
                found.works[name] = work
            except PeerMissingError as problem:
                found.missing[name] = str(problem)
        yield found


def peer_rows(figures: Mapping[str, float], missing: Mapping[str, str]) -> list[Row]:
    """Return a row for each peer: ours beside theirs, or why there is nothing to set beside it. None has a target."""
    ours = figures[WORK]
    measured = {name: figures[name] for name in (*PROGRAMS, *LIBRARIES) if name in figures}
    return [
        *(_row(ours, f"{name} {theirs:.3g} ms", f"{ours / theirs:.2g} times") for name, theirs in measured.items()),
        *(_row(ours, name, why) for name, why in missing.items()),
    ]


def _row(ours: float, theirs: str, figure: str) -> Row:
    return Row(what=WORK, ours_s=ours / 1000, theirs=theirs, target="no target", figure=figure, met=True)


def _program(words: tuple[str, ...]) -> Timed:
    if words and not shutil.which(words[0]):
        raise PeerMissingError("not installed")

    def work() -> float:
        began = time.perf_counter()
        done = subprocess.run((*words, *_PYTHON), capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
        if done.returncode or done.stdout.strip() != RESULT:
            raise PeerMissingError(f"it does not run here: {(done.stderr.strip() or 'no result').splitlines()[-1]}")
        return took

    return work


def _entered(stack: ExitStack, key: str) -> Timed:
    return stack.enter_context(_library(key))


@contextmanager
def _library(key: str) -> Iterator[Timed]:
    if not _ENVIRONMENT.exists():
        raise PeerMissingError("not installed: `make bench` does that")
    words = [str(_ENVIRONMENT), "-I", str(_SCRIPT), key]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as peer:
        asks, answers = peer.stdin, peer.stdout
        assert asks is not None
        assert answers is not None
        state = answers.readline().strip()
        if state != "ready":
            raise PeerMissingError(_NEEDS.get(key, state or "it ended"))

        def work() -> float:
            asks.write("\n")
            answer = answers.readline().strip()
            try:
                return float(answer)
            except ValueError as error:
                raise PeerMissingError(answer or "it ended") from error

        yield work
        asks.close()
