"""The whole gate on the good part of the corpus; its mutation stage beside mutmut and cosmic-ray, on the same plugins.

The other tools run in an environment of their own: the folder that RATCHET_BENCH_TOOLS names, or a temporary one that
pip fills when that is "pip". Without either, only our own figures are measured.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Row
from sandbox.outcome import Completed, describe
from sandbox.program import Job
from sandbox.sandbox import Sandbox
from selfmod.gate.bench import CORPUS, percentile
from selfmod.gate.corpus import Case, read_corpus
from selfmod.gate.evidence import mapping
from selfmod.gate.gate import Gate
from selfmod.gate.stages.coverage import Coverage
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests
from selfmod.gate.subject import Subject
from selfmod.gate.suite import limits_for, plain_world, test_paths
from selfmod.gate.thresholds import Thresholds
from selfmod.gate.workers import PRELOAD

P50_S, P95_S = 1.0, 2.0
MUTMUT, COSMIC_RAY = 10.0, 20.0
COMPARED, COMPARED_SLOWLY = 6, 2
SECRET = b"benchmarks.gate"


def measure() -> list[Row]:
    """Every figure; fork servers are warm, since a running Ratchet keeps them."""
    cases = [case for case in read_corpus(CORPUS) if case.kind == "good" and not case.held_back and not case.previous]
    preload = {**PRELOAD, "tests": (*PRELOAD["tests"], "benchmarks.agreement")}
    with Sandbox(preload=preload) as sandbox:
        rows = whole(sandbox, cases)
        with tools() as found:
            return rows + (beside(small(sandbox, cases), found) if found else [])


def whole(sandbox: Sandbox, cases: list[Case]) -> list[Row]:
    """The whole gate: half of the plugins, and nineteen of twenty."""
    gate = Gate(sandbox, Thresholds(), SECRET)
    gate.judge(cases[0].candidate, spec=cases[0].spec)
    spent: dict[str, float] = {}
    times = []
    for case in cases:
        report = gate.judge(case.candidate, spec=case.spec, installed=case.installed)
        times.append(report.seconds)
        for stage in report.stages:
            spent[stage.name] = spent.get(stage.name, 0.0) + stage.seconds
    times.sort()
    most = sorted(spent, key=lambda name: -spent[name])[:4]
    where = ", ".join(f"{name} {spent[name] / sum(spent.values()):.0%}" for name in most)
    rows = []
    for share, target in ((50, P50_S), (95, P95_S)):
        seconds = percentile(times, share)
        rows.append(
            Row(
                what=f"gate, {len(cases)} plugins, p{share}",
                ours_s=seconds,
                target=f"{target:g} s",
                figure=where,
                met=seconds <= target,
            )
        )
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutated:
    """One plugin that went through our mutation stage, with its time and the time of the covering tests alone."""

    case: Case
    subject: Subject
    seconds: float
    mutants: int
    floor_s: float


def small(sandbox: Sandbox, cases: list[Case]) -> list[Mutated]:
    """Our stage on a few small plugins that need nothing of the outside."""
    found: list[Mutated] = []
    for case in cases:
        source = case.candidate.files["plugin.py"]
        if len(found) == COMPARED or case.spec.allow or b"sdk" in source or not 20 <= source.count(b"\n") <= 60:
            continue
        subject = Subject(candidate=case.candidate, sandbox=sandbox, thresholds=Thresholds(), secret=SECRET)
        if any(stage.run(subject).verdict != "pass" for stage in (Tests(), Coverage())):
            continue
        times, mutants = [], 0
        for _ in range(3):
            started = time.perf_counter()
            figures = Mutation().run(subject).figures
            times.append(time.perf_counter() - started)
            mutants = int(str(figures["mutants"]))
        assert subject.run is not None
        each = sum(test.seconds for test in subject.run.tests) / len(subject.run.tests)
        found.append(Mutated(case=case, subject=subject, seconds=min(times), mutants=mutants, floor_s=each * mutants))
    return found


def beside(ours: list[Mutated], found: Path) -> list[Row]:
    """The same plugins through mutmut with two workers, and the first of them through cosmic-ray."""
    theirs, count, agreed, compared = 0.0, 0, 0, 0
    for one in ours:
        with project(one.case) as folder:
            seconds, fates = mutmut(found, folder)
            alike, of = agreement(one, fates, folder)
        theirs, count, agreed, compared = theirs + seconds, count + len(fates), agreed + alike, compared + of
    spent, mutants = sum(one.seconds for one in ours), sum(one.mutants for one in ours)
    floor = sum(one.floor_s for one in ours)
    ratio, each = theirs / spent, (theirs / count) / (spent / mutants)
    rows = [
        Row(
            what=f"mutation, {len(ours)} plugins, {mutants} mutants",
            ours_s=spent,
            theirs=f"mutmut {theirs:.1f} s, {count} mutants",
            target=f"{MUTMUT:g} times faster",
            figure=f"{ratio:.0f} times, {each:.0f} a mutant; floor {floor * 1e3:.0f} ms",
            met=ratio >= MUTMUT,
        ),
        Row(
            what="verdicts on mutmut's mutants",
            ours_s=0.0,
            theirs=f"{compared} mutants",
            target="the same",
            figure=f"{agreed} agree",
            met=agreed == compared,
        ),
    ]
    slow = ours[:COMPARED_SLOWLY]
    seconds, jobs = 0.0, 0
    for one in slow:
        with project(one.case) as folder:
            took, judged = cosmic_ray(found, folder)
        seconds, jobs = seconds + took, jobs + judged
    spent = sum(one.seconds for one in slow)
    rows.append(
        Row(
            what=f"mutation, {len(slow)} plugins",
            ours_s=spent,
            theirs=f"cosmic-ray {seconds:.1f} s, {jobs} mutants",
            target=f"{COSMIC_RAY:g} times faster",
            figure=f"{seconds / spent:.0f} times",
            met=seconds / spent >= COSMIC_RAY,
        )
    )
    return rows


# ---- the other tools -----------------------------------------------------------------------------------------------


@contextmanager
def tools() -> Iterator[Path | None]:
    """The `bin` folder of an environment with the other tools, if there is to be one."""
    named = os.environ.get("RATCHET_BENCH_TOOLS", "")
    if named != "pip":
        yield Path(named, "bin") if named else None
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(Path(folder, "bin", "python")), "-m", "pip", "install", "-q", "mutmut", "cosmic-ray", "pytest"]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        yield Path(folder, "bin")


@contextmanager
def project(case: Case) -> Iterator[Path]:
    """The plugin as a project that the other tools understand."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, data in case.candidate.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        (folder / "pyproject.toml").write_text(
            '[tool.mutmut]\nsource_paths = ["plugin.py"]\n[tool.pytest.ini_options]\npythonpath = ["."]\n', "utf-8"
        )
        yield folder


def _tool(found: Path, folder: Path, *arguments: str, wall_s: float = 900) -> float:
    """Run one tool; it may end with a status of its own, since mutants that survive are no success to it.

    `TimeoutExpired` after `wall_s` seconds, with all that it started ended.
    """
    environment = {"PATH": f"{found}:{os.environ['PATH']}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HOME": str(folder)}
    started = time.perf_counter()
    command, quiet = [str(found / arguments[0]), *arguments[1:]], subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    ) as process:
        try:
            process.wait(wall_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return time.perf_counter() - started


def mutmut(found: Path, folder: Path, *, wall_s: float = 900) -> tuple[float, dict[str, int]]:
    """Its time and, for each of its mutants, the exit status of the tests (0 is a survivor)."""
    seconds = _tool(found, folder, "mutmut", "run", "--max-children", "2", wall_s=wall_s)
    meta = json.loads((folder / "mutants" / "plugin.py.meta").read_text("utf-8"))
    return seconds, {name.removeprefix("plugin."): status for name, status in meta["exit_code_by_key"].items()}


def cosmic_ray(found: Path, folder: Path) -> tuple[float, int]:
    """Its time for making and running all its mutants, and their number."""
    (folder / "cosmic-ray.toml").write_text(
        '[cosmic-ray]\nmodule-path = "plugin.py"\ntimeout = 10.0\nexcluded-modules = []\n'
        f'test-command = "{found}/python -m pytest -x -q"\n[cosmic-ray.distributor]\nname = "local"\n',
        "utf-8",
    )
    seconds = _tool(found, folder, "cosmic-ray", "init", "cosmic-ray.toml", "session.sqlite")
    seconds += _tool(found, folder, "cosmic-ray", "exec", "cosmic-ray.toml", "session.sqlite")
    dumped = subprocess.run([found / "cosmic-ray", "dump", "session.sqlite"], cwd=folder, capture_output=True)
    return seconds, len(dumped.stdout.splitlines())


def agreement(one: Mutated, fates: dict[str, int], folder: Path) -> tuple[int, int]:
    """On how many of mutmut's mutants our verdict is its verdict, and how many could be compared."""
    from benchmarks.agreement import as_modules

    mutated = (folder / "mutants" / "plugin.py").read_text("utf-8")
    modules = as_modules(one.case.candidate.files["plugin.py"].decode(), mutated)
    names = sorted(name for name in modules if name in fates)
    subject = one.subject
    assert subject.plan is not None
    job = Job(
        function="benchmarks.agreement:judge_modules",
        argument={
            "entry": subject.entry,
            "tests": test_paths(subject),
            "indexed": list(subject.plan.indexed),
            "nonce": secrets.token_hex(8),
            "world": plain_world(subject),
            "modules": [modules[name] for name in names],
            "mutants": [
                {"index": index, "tests": list(subject.plan.ids), "seconds": 0.2} for index in range(len(names))
            ],
        },
        files=subject.candidate.files,
    )
    outcome = subject.sandbox.run(job, limits=limits_for(subject, processes=16), kind="tests", seed=0)
    if not isinstance(outcome, Completed):
        raise RuntimeError(describe(outcome))  # noqa: TRY004 - it is no matter of types
    ours = mapping(outcome.value)
    differing = [name for i, name in enumerate(names) if (ours[str(i)] == "survived") != (fates[name] == 0)]
    for name in differing:
        print(f"{one.case.name}: verdicts on {name} differ: mutmut says {fates[name]}", file=sys.stderr)
    return len(names) - len(differing), len(names)
