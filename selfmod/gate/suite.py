"""One run of the candidate's tests in a worker, and the plan it is held against."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.limits import Limits
from sandbox.outcome import Completed, Outcome, describe
from sandbox.program import Job
from selfmod.gate.evidence import Account, BadEvidence, Lines, Notes, arc_set, array, mapping, text, whole
from selfmod.gate.subject import Subject

# What pytest and coverage need beside what the plugin itself may use.
_TOOLS_MB = 150
_NOTES_PER_TEST = 3
_FORKS = 16  # processes of a worker that forks for each part of its work


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `selfmod.gate.reading.plan` says should run; nothing of the candidate ran to get it."""

    ids: tuple[str, ...]
    indexed: tuple[str, ...]
    functions: tuple[str, ...]
    patterns: bool
    problems: tuple[tuple[str, int, str], ...]
    lines: frozenset[int]
    branches: frozenset[tuple[int, int]]
    single: Mapping[int, int]
    first: Mapping[int, int]
    jumps: Mapping[tuple[int, int], tuple[int, int] | None]
    last_words: frozenset[int] = frozenset()
    blocks: tuple[tuple[int, int], ...] = ()
    lambdas: tuple[int, ...] = ()
    assertions: tuple[tuple[str, int, int], ...] = ()

    def executed(self, arcs: frozenset[tuple[int, int]]) -> Lines:
        """Turn raw arcs of a run into lines and branches of this plan."""
        raw = {line for arc in arcs for line in arc if line > 0}
        lines = frozenset(self.first.get(line, line) for line in raw) & self.lines
        mapped = {self._firsts(to) for arc in arcs if (to := self._jump(arc)) is not None}
        moved = {(start, self.single.get(start, end)) if start == end else (start, end) for start, end in mapped}
        return Lines(lines=lines, arcs=frozenset(moved) & self.branches)

    def _jump(self, arc: tuple[int, int]) -> tuple[int, int] | None:
        return self.jumps.get(arc, arc)

    def _firsts(self, arc: tuple[int, int]) -> tuple[int, int]:
        start, end = arc
        return self._first(start), self._first(end)

    def _first(self, line: int) -> int:
        return self.first.get(line, line) if line > 0 else -self.first.get(-line, -line)


class NoPlan(Exception):
    """The worker that only reads could not read the candidate."""


def test_paths(subject: Subject) -> list[str]:
    """The test files, in the order in which they run."""
    return sorted(path for path in subject.candidate.files if path.startswith("tests/test_") and path.endswith(".py"))


def handlers(subject: Subject) -> frozenset[str]:
    """The functions that are called from outside, by what the manifest says."""
    manifest = subject.manifest
    return frozenset(tool.handler for tool in (*manifest.tools, *manifest.commands)) if manifest else frozenset()


def make_plan(subject: Subject) -> Plan:
    """Read the candidate in a worker of its own. Raises NoPlan with a reason."""
    job = Job(
        function="selfmod.gate.reading.plan:plan",
        argument={"entry": subject.entry, "tests": test_paths(subject)},
        files=subject.candidate.files,
    )
    outcome = subject.sandbox.run(job, limits=limits_for(subject), kind="tests", seed=0)
    if not isinstance(outcome, Completed):
        raise NoPlan(describe(outcome))
    try:
        return _plan(mapping(outcome.value))
    except BadEvidence as error:
        raise NoPlan(str(error)) from error


def _plan(found: Mapping[str, object]) -> Plan:
    possible = mapping(found.get("possible"))
    jumps = [array(pair) for pair in array(possible.get("jumps"))]
    return Plan(
        ids=tuple(text(name) for name in array(found.get("ids"))),
        indexed=tuple(text(name) for name in array(found.get("indexed"))),
        patterns=found.get("patterns") is not False,
        functions=tuple(text(name) for name in array(found.get("functions"))),
        problems=tuple(
            (text(path), whole(line), text(message))
            for path, line, message in (array(problem) for problem in array(found.get("problems")))
        ),
        lines=frozenset(whole(line) for line in array(possible.get("lines"))),
        branches=arc_set(possible.get("arcs")),
        single=dict(arc_set(possible.get("single"))),
        first=dict(arc_set(possible.get("first"))),
        blocks=tuple(sorted(arc_set(possible.get("blocks")))),
        lambdas=tuple(whole(line) for line in array(found.get("lambdas"))),
        last_words=frozenset(whole(line) for line in array(possible.get("last_words"))),
        assertions=tuple(
            (text(path), whole(first), whole(last)) for path, first, last in map(array, array(found.get("assertions")))
        ),
        jumps={_pair(start): _pair(end) if end is not None else None for start, end in jumps},
    )


def _pair(value: object) -> tuple[int, int]:
    (pair,) = arc_set([value])
    return pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The notes of one run and how its worker ended."""

    notes: Notes
    outcome: Outcome

    @property
    def clean(self) -> bool:
        """Whether the worker ended as it should and only our own code wrote notes."""
        return isinstance(self.outcome, Completed) and not self.notes.problem and self.notes.end is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How one run differs from the plain one. `world` holds the fields of `harness.world.World`."""

    function: str = "harness.run:run_suite"
    hash_seed: int = 0
    measure: bool = False
    order: int | None = None
    world: Mapping[str, Any] = field(default_factory=lambda: {"seed": 0})
    processes: int = 1


def run_tests(subject: Subject, plan: Plan, variation: Variation) -> Run:
    """Run the whole suite once in a fresh worker."""
    notes = Notes(nonce=secrets.token_hex(16), limit=_NOTES_PER_TEST * len(plan.ids) + 20)
    how = {"measure": variation.measure, "order": variation.order, "world": dict(variation.world)}
    limits = limits_for(subject, processes=variation.processes)
    job = _job(subject, plan, variation.function, notes, how)
    outcome = subject.sandbox.run(job, limits=limits, kind="tests", seed=variation.hash_seed, on_note=notes.take)
    return Run(notes=notes, outcome=outcome)


def run_forks(subject: Subject, plan: Plan, function: str, notes: Account, what: Mapping[str, Any]) -> str:
    """Run the tests many times, each in a fork of one fresh worker; return how it ended, "" where that was well."""
    job = _job(subject, plan, function, notes, {"world": plain_world(subject), **what})
    limits = limits_for(subject, processes=_FORKS)
    outcome = subject.sandbox.run(job, limits=limits, kind="tests", seed=0, on_note=notes.take)
    return "" if isinstance(outcome, Completed) else describe(outcome)


def _job(subject: Subject, plan: Plan, function: str, notes: Account, more: Mapping[str, Any]) -> Job:
    argument = {
        "entry": subject.entry,
        "tests": test_paths(subject),
        "indexed": list(plan.indexed),
        "nonce": notes.nonce,
        **more,
    }
    return Job(function=f"selfmod.gate.{function}", argument=argument, files=subject.candidate.files)


# A moment that no test would choose by itself, and the zone that the plain run believes to be in.
_FIXED_S = 1_700_000_000.0


def plain_world(subject: Subject) -> dict[str, Any]:
    """The circumstances of the plain run: what the plugin declares as its effects stands still."""
    effects = subject.manifest.effects if subject.manifest else ()
    return {"seed": 0, "zone": "UTC0", **({"fixed_s": _FIXED_S} if "clock" in effects else {})}


def limits_for(subject: Subject, *, processes: int = 1) -> Limits:
    """What a worker of the gate may use: the plugin's own memory, the tools', and the time of one stage."""
    own = subject.manifest.limits.memory_mb if subject.manifest else subject.thresholds.memory_mb
    seconds = subject.stage_s
    return Limits(
        memory_mb=min(own, subject.thresholds.memory_mb) + _TOOLS_MB,
        wall_s=seconds,
        cpu_s=max(1, int(seconds)) * max(1, min(processes, 2)),
        processes=processes,
    )
