"""How fast and how heavy the sandbox is, side by side with its peers in one run.

    python benchmarks/sandbox.py [--json] [--quick]

Every figure is a median of its own runs on this machine now; only ratios mean something on another one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import Row, timed  # noqa: E402 (found from any folder)
from benchmarks.sandbox_bare import bare_server, echo  # noqa: E402 (found from any folder)
from benchmarks.sandbox_jobs import SUITE  # noqa: E402 (found from any folder)
from benchmarks.sandbox_peers import WORK, peer_rows, peers  # noqa: E402 (found from any folder)
from sandbox import Completed, Job, Limits, Policy, Program, Sandbox  # noqa: E402
from sandbox.program import Level  # noqa: E402
from sandbox.protocol import new_id, pack  # noqa: E402
from sandbox.spawn import packages  # noqa: E402
from sandbox.starter import Kind  # noqa: E402

TINY = Program(files={"plugin.py": b"def add(a: int, b: int) -> int:\n    return a + b\n"})
PLAIN = ("sandbox.language", "plugins.sdk")
_ROW = 50
Timed = Callable[[], float]


def in_turn(count: int, works: dict[str, Timed]) -> Iterator[tuple[str, float]]:
    """Give the median of each work in milliseconds; they take turns, so that a busy machine is busy for all."""
    for work in works.values():
        work()
    rounds = [[work() for work in works.values()] for _ in range(count)]
    for name, column in zip(works, zip(*rounds, strict=True), strict=True):
        yield name, statistics.median(column) * 1000
        yield f"{name}, best", min(column) * 1000


def clocked(action: Callable[[], object]) -> Timed:
    """Return the action as one that returns how long it took, in seconds."""
    return partial(timed, action)


def command(*words: str) -> Timed:
    """Return the run of a command, as a measured action."""
    return clocked(lambda: subprocess.run(words, check=True))


def starts(sandbox: Sandbox, count: int) -> Iterator[tuple[str, float]]:
    """Give the time to a ready program, and what others need to start anything."""

    def ready(level: Level = "process") -> float:
        began = time.perf_counter()
        session = sandbox.open(TINY, policy=Policy(), limits=Limits(), level=level)
        took = time.perf_counter() - began
        session.close()
        return took

    python = [sys.executable, "-I", "-S", "-c"]
    prepared = f"import sys; sys.path[:0] = {[str(ROOT), *packages()]!r}; from sandbox.preload import preload"
    prepared += f"; preload({PLAIN!r})"
    with bare_server(PLAIN) as fork, bare_server(PLAIN, "lean") as lean_fork:
        forks = {
            "bare fork": lambda: fork("fork"),
            "bare fork without needless hooks": lambda: lean_fork("fork"),
            "bare fork into the same namespaces": lambda: fork("clone"),
        }
        yield from in_turn(count, {"fork to ready": ready, **forks})
        others = {"python -c pass": command(*python, "pass")}
        if shutil.which("bwrap"):
            bwrap = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", *python]
            others["bwrap and python -c pass"] = command(*bwrap, "pass")
            others["bwrap and python with the imports of a worker"] = command(*bwrap, prepared)
        if sandbox.probe().levels["container"].available:
            others["the level container, to a ready program"] = lambda: ready("container")
        for name, figure in in_turn(count // 4, {"fork to ready": ready, **others}):
            yield name if "fork" not in name else f"{name}, beside these", figure


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and whatever it starts meanwhile, on one core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def calls(count: int) -> Iterator[tuple[str, float]]:
    """Give the time of a call and its reply, and of echoes of frames of the same size over a bare socket pair.

    On one core, all of them: two processes that talk from core to core take three times as long, and which of them the
    kernel would put side by side changes from run to run.
    """
    request: dict[str, object] = {"id": new_id(), "kind": "call", "body": ["add", [1, 2], {}]}
    frame = pack(request)
    with ExitStack() as stack:
        stack.enter_context(one_core())
        sandbox = stack.enter_context(Sandbox(preload={"plain": PLAIN}))
        session = stack.enter_context(sandbox.open(TINY, policy=Policy(), limits=Limits()))
        bare, spoken = stack.enter_context(echo("same")), stack.enter_context(echo("json"))
        near = stack.enter_context(echo("same", apart=False))

        def send_bytes(bare: socket.socket) -> None:
            bare.send(frame)
            bare.recv(4096)

        def send_json() -> None:
            body = json.dumps(request).encode()
            spoken.send(struct.pack(">I", len(body)) + body)
            json.loads(spoken.recv(4096)[4:])

        def call() -> None:
            session.call("add", (1, 2))

        works: dict[str, Callable[[], None]] = {
            "call and reply": call,
            "echo": partial(send_bytes, bare),
            "echo within one session": partial(send_bytes, near),
            "echo of JSON": send_json,
        }
        for work in works.values():
            clocked(work)()
        # Each in a row of its own: a process that was switched away from for long is not what an echo measures.
        rows = {name: clocked(partial(_often, work)) for name, work in works.items()}
        yield from ((name, figure / _ROW) for name, figure in in_turn(count // _ROW, rows))


def _often(work: Callable[[], None]) -> None:
    for _ in range(_ROW):
        work()


def idle(sandbox: Sandbox, count: int) -> Iterator[tuple[str, float]]:
    """Give what live sandboxes that do nothing cost; so many need more descriptors than most accounts begin with."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        before = _available_kb()
        sessions = [stack.enter_context(sandbox.open(TINY, policy=Policy(), limits=Limits())) for _ in range(count)]
        yield _IDLE_MB, (before - _available_kb()) / 1024 / count
        shared = sum(session.activity().now.proportional for session in sessions)
        yield "MB of proportional memory (PSS) for each idle sandbox", shared / 2**20 / count
        time.sleep(0.3)  # until all of them have been put to rest

        def used() -> float:
            return time.process_time() + sum(session.activity().now.cpu_s for session in sessions)

        start, began = used(), time.monotonic()
        looking = time.process_time()
        used()
        looking = time.process_time() - looking  # the cost of looking is not theirs
        time.sleep(2)
        share = (used() - start - 2 * looking) / (time.monotonic() - began)
        yield _IDLE_CPU, max(0.0, share * 100)


def _available_kb() -> int:
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))


def suites(sandbox: Sandbox, count: int) -> Iterator[tuple[str, float]]:
    """Give the time of a small test suite under coverage, forked and cold."""
    job = Job(function="benchmarks.sandbox_jobs:run_suite", files=SUITE)
    limits = Limits(memory_mb=500, wall_s=60)

    def forked() -> None:
        outcome = sandbox.run(job, limits=limits, kind="tests")
        if not (isinstance(outcome, Completed) and outcome.value == 0):
            raise SystemExit(f"the suite did not pass in the sandbox: {outcome}")

    with tempfile.TemporaryDirectory() as folder:
        for name, content in SUITE.items():
            (Path(folder) / name).write_bytes(content)
        words = [sys.executable, "-m", "coverage", "run", "--branch", "--data-file=data", "-m", "pytest", "-q"]
        words += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder, folder]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

        def cold() -> None:
            subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)

        works = {"pytest and coverage, forked": clocked(forked), "pytest and coverage, cold": clocked(cold)}
        yield from in_turn(count, works)


def beside_peers(sandbox: Sandbox, count: int) -> tuple[dict[str, float], dict[str, str]]:
    """Return the times of the same small work here and in each peer, and why the other peers are not among them."""

    def ours() -> None:
        with sandbox.open(TINY, policy=Policy(), limits=Limits()) as session:
            session.call("add", (1, 2))

    with peers() as found:
        return dict(in_turn(count, {WORK: clocked(ours), **found.works})), found.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A ratio or a figure beside what was promised of it; without a bound it is only said."""

    what: str
    over: str
    of: str
    most: float | None = None
    least: float | None = None

    def ratio(self, figures: dict[str, float]) -> float:
        """Return the first figure over the second."""
        return figures[self.what] / (figures[self.over] if self.over else 1.0)

    def met(self, figures: dict[str, float]) -> bool:
        """Tell whether the promise holds."""
        ratio = self.ratio(figures)
        return (self.most is None or ratio <= self.most) and (self.least is None or ratio >= self.least)

    @property
    def promise(self) -> str:
        """The bound in words."""
        if self.most is not None:
            return f"at most {self.most:g}"
        return f"at least {self.least:g}" if self.least is not None else "no target"


_READY, _BESIDE = "fork to ready", "fork to ready, beside these"
_IMPORTS = "bwrap and python with the imports of a worker"
_CALL = "call and reply, best"
_SUITE = "pytest and coverage"
_IDLE_MB, _IDLE_CPU = "MB of machine memory for each idle sandbox", "% of a core for all idle sandboxes"
TARGETS = (
    Target(what=_READY, over="bare fork", of=_READY, most=2.5),
    Target(what=_READY, over="bare fork without needless hooks", of=_READY),
    Target(what=_READY, over="bare fork into the same namespaces", of=_READY),
    Target(what=_IMPORTS, over=_BESIDE, of=_BESIDE, least=5),
    Target(what="bwrap and python -c pass", over=_BESIDE, of=_BESIDE),
    # The best of many rows: others use the core, too.
    Target(what=_CALL, over="echo, best", of=_CALL, most=2),
    Target(what=_CALL, over="echo within one session, best", of=_CALL),
    Target(what=_CALL, over="echo of JSON, best", of=_CALL),
    Target(what=f"{_SUITE}, cold", over=f"{_SUITE}, forked", of=f"{_SUITE}, forked", least=2.5),
    Target(what=_IDLE_MB, over="", of="", most=4),
    Target(what=_IDLE_CPU, over="", of="", most=0.5),
)


def figures_of(*, quick: bool) -> tuple[dict[str, float], dict[str, str]]:
    """Measure everything once, in one process and one go; also say which peers are missing, and why."""
    count = 40 if quick else 200
    preload: dict[Kind, tuple[str, ...]] = {
        "plain": PLAIN,
        "tests": ("sandbox.language", "pytest", "coverage", "benchmarks.sandbox_jobs"),
    }
    figures: dict[str, float] = {}
    with Sandbox(preload=preload) as sandbox:
        figures.update(starts(sandbox, count))
        figures.update(suites(sandbox, max(5, count // 20)))
        figures.update(idle(sandbox, 50 if quick else 200))
        times, missing = beside_peers(sandbox, count // 4)
    figures.update(calls(count * 50))
    return {**figures, **times}, missing


def targets(figures: dict[str, float]) -> tuple[Target, ...]:
    """Return the targets that can be measured here."""
    return tuple(one for one in TARGETS if one.what in figures)


def measure() -> list[Row]:
    """Each figure beside what was promised, for `python -m benchmarks`."""
    figures, missing = figures_of(quick=False)
    rows = [
        Row(
            what=one.what,
            ours_s=figures.get(one.of, 0.0) / 1000,
            theirs=f"{one.over} {figures[one.over]:.3g} ms" if one.over else "",
            target=one.promise,
            figure=f"{one.ratio(figures):.2f}",
            met=one.met(figures),
        )
        for one in targets(figures)
    ]
    return rows + peer_rows(figures, missing)


def main() -> None:
    """Measure, and print figures and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    options = parser.parse_args()
    figures, missing = figures_of(quick=options.quick)
    found = {f"{one.what}{' over ' if one.over else ''}{one.over}": one for one in targets(figures)}
    if options.json:
        ratios = {name: one.ratio(figures) for name, one in found.items()}
        print(json.dumps({"figures": figures, "ratios": ratios, "missing": missing}))
        return
    for name, figure in figures.items():
        print(f"{figure:10.3f}  {name if name.startswith(('MB', '%')) else name + ', ms'}")
    for name, reason in missing.items():
        print(f"         -  {name}: {reason}")
    for name, one in found.items():
        print(f"{one.ratio(figures):10.2f}  {name} ({one.promise}{'' if one.met(figures) else ', missed'})")


if __name__ == "__main__":
    main()
