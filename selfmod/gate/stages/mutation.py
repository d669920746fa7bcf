"""Stage mutation: does the test suite notice a broken plugin? Small changes are made, the tests run against each."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from selfmod.examples import call_of
from selfmod.gate.base import Figure, Finding, StageResult, final, finding, result
from selfmod.gate.evidence import Change, MutantNotes
from selfmod.gate.mutants.operators import RESULT
from selfmod.gate.mutants.rows import ROW
from selfmod.gate.observed import observed
from selfmod.gate.subject import Subject, SuiteRun
from selfmod.gate.suite import Plan, handlers, run_forks

_PER_LINE, _MOST = 2, 150
_LEAST = 10  # of a module, if it has as many: one survivor is let through, and of few that would be a large part
_WORKERS = 3  # on two cores: one that is being made or taken down leaves its core to another
_ASKED = 60  # recorded calls that questions start from
_NOTICED = ("value", "raised")  # by an assertion
_SHOWN = 7  # survivors: more would not be read


class Mutation:
    """Judges the suite by mutants of covered lines, chosen so that nobody can fit a candidate to the choice."""

    name = "mutation"

    def run(self, subject: Subject) -> StageResult:
        """Choose, run, count."""
        plan, run = subject.plan, subject.run
        if plan is None or run is None:
            return StageResult(name=self.name, verdict="not-run")
        with ThreadPoolExecutor(1) as beside:
            looked = beside.submit(lambda: list(observed(subject, plan, run)))
            notes, ended = _run(subject, plan, run)
            found = looked.result()
        if notes.changes is None:
            return result(self.name, [*found, final("mutation.unreadable", f"no mutants could be made: {ended}")])
        changes = list(notes.changes)
        if not changes:
            return result(self.name, found, figures=_figures([], {}), applicable=bool(found))
        broken = _broken(changes, notes, ended)
        rows = [change for change in changes if change.operator == ROW]
        changes = [change for change in changes if change.operator != ROW]
        figures = _figures(changes, notes.results)
        if broken:
            return result(self.name, [*found, *broken], figures=figures)
        asked = _open(subject, notes)
        figures["questions"] = [asked[index] for index in sorted(asked)]
        found += [_unmet(subject, row) for row in rows if notes.results.get(row.index) not in _NOTICED]
        return result(self.name, [*found, *_judge(subject, changes, notes, asked, figures)], figures=figures)


def _open(subject: Subject, notes: MutantNotes) -> dict[int, str]:
    """The questions that no example answers, by mutant.

    Those that were held back answer, too. Whoever writes the next attempt learns nothing by that: for many survivors no
    question is found, and which one would have been asked was never told.
    """
    known = {call_of(example) for example in (subject.spec.examples if subject.spec else ())}
    return {index: asked.text for index, asked in notes.questions.items() if asked.call not in known}


def _run(subject: Subject, plan: Plan, run: SuiteRun) -> tuple[MutantNotes, str]:
    notes = MutantNotes(nonce=secrets.token_hex(16), limit=10)
    what = {
        "workers": _WORKERS,
        "calls": [
            {"function": call.function, "args": call.args, "kwargs": call.kwargs}
            for call in run.calls[:_ASKED]
            if not call.asked
        ],
        "choice": _choice(subject, plan, run),
        # Those that run few lines first: they are likely to look at what these give.
        "runs": [
            {"id": test.id, "seconds": test.seconds, "lines": sorted(test.lines)}
            for test in sorted(run.tests, key=lambda test: (len(test.lines), test.id))
        ],
    }
    return notes, run_forks(subject, plan, "harness.mutation:run_mutants", notes, what)


def _choice(subject: Subject, plan: Plan, run: SuiteRun) -> dict[str, object]:
    in_tests = frozenset[int]().union(*(test.lines for test in run.tests))
    return {
        "lines": {"call": sorted(in_tests), "import": sorted(run.import_lines)},
        "first": [list(pair) for pair in plan.first.items()],
        "seed": f"{subject.seed('mutation'):016x}",
        "per_line": _PER_LINE,
        "least": _LEAST,
        "most": _MOST,
    }


def _broken(changes: Sequence[Change], notes: MutantNotes, ended: str) -> list[Finding]:
    """What makes the figures worthless: a run that is not whole, or tests that fail without a mutant."""
    if notes.problem:
        return [final("mutation.forged", f"the worker's account of the run is not our own: {notes.problem}")]
    if notes.failed:
        names = ", ".join(notes.failed[:3])
        return [final("mutation.baseline", f"tests fail when they are run again in one process: {names}")]
    left = {change.index for change in changes} ^ set(notes.results)
    if ended or notes.end is None or left:
        reason = ended or f"{len(left)} of {len(changes)} mutants were not judged"
        hint = f"make the tests quicker: they are run for each of {len(changes)} changes"
        return [final("mutation.ended", f"the run against mutants did not end normally: {reason}", hint=hint)]
    return []


def _figures(changes: Sequence[Change], results: Mapping[int, str]) -> dict[str, Figure]:
    survivors = [change for change in changes if _survived(results.get(change.index))]
    value, given = _noticed(changes, results)
    total = len(changes)
    return {
        "mutants": total,
        "killed": total - len(survivors),
        "value_killed": value,
        "raw": _share(total - len(survivors), total),
        "value": _share(value, total),
        "given": _share(given, value),
        "survivors": len(survivors),
    }


def _noticed(changes: Sequence[Change], results: Mapping[int, str]) -> tuple[int, int]:
    """How many changes assertions notice, and how many of these by what a call gives."""
    fates = [results.get(change.index) for change in changes]
    return sum(1 for fate in fates if fate in _NOTICED), fates.count("value")


def _survived(fate: str | None) -> bool:
    # "traces": judged alone it could not be judged cleanly either, which says nothing good about the tests.
    return fate in (None, "survived", "traces")


def _share(part: int, whole_: int) -> float:
    return round(part / whole_, 4) if whole_ else 1.0


def _judge(
    subject: Subject,
    changes: Sequence[Change],
    notes: MutantNotes,
    asked: Mapping[int, str],
    figures: Mapping[str, Figure],
) -> list[Finding]:
    limits, total, results = subject.thresholds, len(changes), notes.results
    survivors = [change for change in changes if _survived(results.get(change.index))]
    value, given = _noticed(changes, results)
    # Small plugins have equivalent mutants: a lone survivor is let through, several count in full.
    forgiven = len(survivors) if len(survivors) <= limits.survivors_allowed else 0
    raw_enough = _share(total - len(survivors) + forgiven, total) >= limits.mutation_raw_min
    value_enough = _share(value + forgiven, total) >= limits.mutation_value_min
    given_enough = _share(given, value) >= limits.mutation_given_min
    enough = raw_enough and value_enough and given_enough
    noticed = total - len(survivors)
    too_few = f"; {noticed} of {total} changes are noticed (at least {limits.mutation_raw_min:.0%} must be)"
    hint = "add a test whose assertion fails with this change" + ("" if raw_enough else too_few)
    findings = [
        _survivor(subject, change, asked.get(change.index, ""), hint, advisory=enough) for change in survivors[:_SHOWN]
    ]
    if len(survivors) > _SHOWN:
        findings.append(_more(len(survivors) - _SHOWN, advisory=enough))
    if raw_enough and not value_enough:
        findings.append(_weak(figures, limits.mutation_value_min))
    if raw_enough and value_enough and not given_enough:
        findings.append(_raising(given, value, limits.mutation_given_min))
    return [*findings, *_unlooked(subject, changes, results)]


def _unlooked(subject: Subject, changes: Sequence[Change], results: Mapping[int, str]) -> Iterator[Finding]:
    """Functions none of whose results any test looks at: hollow ones of the same kind and length all went unnoticed.

    Only what is called from outside refuses: inside, what a result is good for may not depend on all of it.
    """
    outside = handlers(subject)
    hollow: dict[str, list[Change]] = {}
    for change in changes:
        if change.operator == RESULT and change.scope == "call":
            hollow.setdefault(change.function, []).append(change)
    for function, those in hollow.items():
        if all(_survived(results.get(change.index)) for change in those):
            yield finding(
                "mutation.unlooked",
                f"no test looks at what {function} returns, only at its type, length or truth",
                path=subject.entry,
                line=those[0].at,
                hint="compare a result with an expected value",
                key=function,
                advisory=bool(outside) and function not in outside,
            )


def _survivor(subject: Subject, change: Change, question: str, hint: str, *, advisory: bool) -> Finding:
    where = f" in {change.function}" if change.function else ""
    return finding(
        "mutation.survivor",
        f"no test notices this change{where}:\n{change.diff}" + (f"\n{question}" if question else ""),
        path=subject.entry,
        line=change.at,
        hint=hint,
        key=str(change.index),
        advisory=advisory,
    )


def _more(count: int, *, advisory: bool) -> Finding:
    # Nobody can accept what is not shown: tests for some of those that are bring the others into view.
    return final("mutation.more", f"{count} more changes are not noticed either", advisory=advisory)


def _weak(figures: Mapping[str, Figure], least: float) -> Finding:
    return finding(
        "mutation.value",
        f"assertions notice {figures['value_killed']} of {figures['mutants']} changes (at least {least:.0%} must be); "
        "the others only make the plugin crash",
        hint="assert what the results are, not only that there are some",
    )


def _raising(given: int, value: int, least: float) -> Finding:
    return finding(
        "mutation.raising",
        f"of {value} changes that assertions notice, they notice {given} by what a call gives (at least {least:.0%} "
        "must be); with the others the plugin itself raises, so that its tests say nothing about what is right",
        hint="assert what each call gives; what a plugin finds out about itself is no test of it",
    )


def _unmet(subject: Subject, row: Change) -> Finding:
    return finding(
        "mutation.special",
        f"no test notices when one of few rows of a text says something else:\n{row.diff}",
        path=subject.entry,
        line=row.at,
        hint="add a test whose assertion depends on this row, or remove it",
        key=str(row.index),
    )
