"""How fast and how heavy the sandbox is, side by side with its peers in one run.

    python benchmarks/sandbox.py [--json] [--quick]

Every figure is a median of its own runs on this machine now; only ratios mean something on another one.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import Row  # noqa: E402 (found from any folder)
from benchmarks.sandbox_jobs import SUITE  # noqa: E402 (found from any folder)
from sandbox import Completed, Job, Limits, Policy, Program, Sandbox  # noqa: E402
from sandbox.starter import Kind  # noqa: E402

TINY = Program(files={"plugin.py": b"def add(a: int, b: int) -> int:\n    return a + b\n"})
FLOOR = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from sandbox import namespaces, syscalls
from sandbox.preload import preload
preload(["sandbox.language"])
namespaces.become_nobody()
times = []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    pid, pidfd = syscalls.clone(namespaces.WORKER_FLAGS)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    times.append(time.perf_counter() - began)
    os.close(pidfd)
print(sorted(times)[len(times) // 2])
"""


def median_ms(action: Callable[[], object], count: int) -> float:
    """Return the median duration of an action in milliseconds."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def starts(sandbox: Sandbox, count: int) -> Iterator[tuple[str, float]]:
    """Give the time to a ready program, and what others need to start anything."""

    def open_and_close() -> None:
        sandbox.open(TINY, policy=Policy(), limits=Limits()).close()

    def ready() -> float:
        began = time.perf_counter()
        session = sandbox.open(TINY, policy=Policy(), limits=Limits())
        took = time.perf_counter() - began
        session.close()
        return took

    open_and_close()
    yield "fork to ready", statistics.median(ready() for _ in range(count)) * 1000
    forks = sandbox.run(Job(function="benchmarks.sandbox_jobs:fork_times", argument=count), limits=Limits(processes=4))
    if isinstance(forks, Completed) and isinstance(forks.value, list):
        yield "bare fork", statistics.median(forks.value) * 1000
    floor = subprocess.run(
        [sys.executable, "-c", FLOOR, str(ROOT), str(count)], capture_output=True, text=True, check=True
    )
    yield "bare fork into the same namespaces", float(floor.stdout) * 1000
    python = [sys.executable, "-I", "-S", "-c", "pass"]
    yield "python -c pass", median_ms(lambda: subprocess.run(python, check=True), count // 4)
    if shutil.which("bwrap"):
        inside = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", *python]
        yield "bwrap and python", median_ms(lambda: subprocess.run(inside, check=True), count // 4)


def calls(sandbox: Sandbox, count: int) -> Iterator[tuple[str, float]]:
    """Give the time of a call and its reply, and of an echo over a bare socket pair."""
    with sandbox.open(TINY, policy=Policy(), limits=Limits()) as session:
        session.call("add", (1, 2))
        yield "call and reply", median_ms(lambda: session.call("add", (1, 2)), count)
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        while data := theirs.recv(4096):
            theirs.send(data)
        os._exit(0)
    theirs.close()

    def echo() -> None:
        ours.send(b"x" * 100)
        ours.recv(4096)

    yield "echo", median_ms(echo, count)
    ours.close()
    os.waitpid(child, 0)


def idle(sandbox: Sandbox, count: int) -> Iterator[tuple[str, float]]:
    """Give what live sandboxes that do nothing cost."""
    with ExitStack() as stack:
        before = _available_kb()
        sessions = [stack.enter_context(sandbox.open(TINY, policy=Policy(), limits=Limits())) for _ in range(count)]
        yield "MB of machine memory for each idle sandbox", (before - _available_kb()) / 1024 / count
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
        yield f"% of a core for {count} idle sandboxes", max(0.0, share * 100)


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

    forked()
    yield "pytest and coverage, forked", median_ms(forked, count)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in SUITE.items():
            (Path(folder) / name).write_bytes(content)
        command = [sys.executable, "-m", "coverage", "run", "--branch", "--data-file=data", "-m", "pytest", "-q"]
        command += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder, folder]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

        def cold() -> None:
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

        yield "pytest and coverage, cold", median_ms(cold, count)


def peers(count: int) -> Iterator[tuple[str, float]]:
    """Give the same small program in other sandboxes, where they are installed."""
    source = "def add(a, b):\n    return a + b\nresult = add(1, 2)\n"
    if _installed("pyeryx"):
        eryx = importlib.import_module("eryx")
        eryx.Sandbox().execute(source)
        yield "eryx, fresh", median_ms(lambda: eryx.Sandbox().execute(source), count)
    if _installed("pydantic-monty"):
        pydantic_monty = importlib.import_module("pydantic_monty")
        yield "monty, fresh", median_ms(lambda: pydantic_monty.Monty("1 + 2").run(), count)
    if _installed("smolagents"):
        smolagents = importlib.import_module("smolagents.local_python_executor")
        yield "smolagents, fresh (no boundary)", median_ms(lambda: smolagents.LocalPythonExecutor([])(source), count)


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def ratios(figures: dict[str, float]) -> Iterator[tuple[str, float, str]]:
    """Give what was promised: a name, the ratio that was reached, and the promise."""
    ready = figures["fork to ready"]
    yield "fork to ready, over a bare fork", ready / figures["bare fork"], "at most 2.5"
    floor = figures["bare fork into the same namespaces"]
    yield "fork to ready, over a bare fork into the same namespaces", ready / floor, "the floor"
    if "bwrap and python" in figures:
        yield "bwrap and python, over fork to ready", figures["bwrap and python"] / ready, "at least 5"
    yield "call and reply, over an echo", figures["call and reply"] / figures["echo"], "at most 2"
    cold, forked = figures["pytest and coverage, cold"], figures["pytest and coverage, forked"]
    yield "cold suite, over a forked one", cold / forked, "at least 2.5"


def figures_of(*, quick: bool) -> dict[str, float]:
    """Measure everything once, in one process and one go."""
    count = 20 if quick else 100
    preload: dict[Kind, tuple[str, ...]] = {
        "plain": ("sandbox.language", "plugins.sdk", "benchmarks.sandbox_jobs"),
        "tests": ("sandbox.language", "pytest", "coverage", "benchmarks.sandbox_jobs"),
    }
    figures: dict[str, float] = {}
    with Sandbox(preload=preload) as sandbox:
        figures.update(starts(sandbox, count))
        figures.update(calls(sandbox, count * 20))
        figures.update(suites(sandbox, max(5, count // 10)))
        figures.update(idle(sandbox, 50 if quick else 200))
    figures.update(peers(count))
    return figures


def measure() -> list[Row]:
    """Each ratio beside what was promised, for `python -m benchmarks`."""
    figures = figures_of(quick=False)
    rows = []
    for name, ratio, promise in ratios(figures):
        kind, _, bound = promise.rpartition(" ")
        met = ratio <= float(bound) if kind == "at most" else ratio >= float(bound) if kind == "at least" else True
        ours = figures["call and reply" if name.startswith("call") else "fork to ready"] / 1000
        rows.append(Row(what=name, ours_s=ours, target=promise, figure=f"{ratio:.2f}", met=met))
    return rows


def main() -> None:
    """Measure, and print figures and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    options = parser.parse_args()
    figures = figures_of(quick=options.quick)
    found = list(ratios(figures))
    if options.json:
        print(json.dumps({"figures": figures, "ratios": {name: ratio for name, ratio, _ in found}}))
        return
    for name, figure in figures.items():
        print(f"{figure:10.3f}  {name if name.startswith(('MB', '%')) else name + ', ms'}")
    for name, ratio, promise in found:
        print(f"{ratio:10.2f}  {name} ({promise})")


if __name__ == "__main__":
    main()
