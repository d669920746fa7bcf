"""Stage coverage: how much of the plugin the tests run, counted against what reading its source says could run."""

from __future__ import annotations

from collections.abc import Iterator

from selfmod.gate.base import Figure, Finding, StageResult, finding, result
from selfmod.gate.subject import Subject, SuiteRun


class Coverage:
    """Lines and branches, without exclusions; a line that uses something of the outside must always be covered."""

    name = "coverage"

    def run(self, subject: Subject) -> StageResult:
        """Compare the executed lines and arcs of the tests' run with the possible ones."""
        run = subject.run
        if run is None:
            return StageResult(name=self.name, verdict="not-run")
        missing = sorted(run.executable - run.executed)
        arcs = sorted(run.branches - run.import_arcs.union(*(test.arcs for test in run.tests)))
        arcs = [arc for arc in arcs if arc[0] not in missing]
        lines, branches = _share(missing, run.executable), _branch_share(run)
        enough = lines >= subject.thresholds.lines_min and branches >= subject.thresholds.branches_min
        last_words = subject.plan.last_words if subject.plan else frozenset()
        findings = [_line(subject.entry, line, last=line in last_words, advisory=enough) for line in missing]
        findings += [_branch(subject.entry, arc, advisory=enough) for arc in arcs]
        findings += _capabilities(subject, frozenset(missing))
        known = {found.line for found in findings if not found.advisory}
        findings += [found for found in _pieces(subject, run) if found.line not in known]
        figures: dict[str, Figure] = {"lines": lines, "branches": branches, "missing_lines": [*missing]}
        return result(self.name, findings, figures=figures)


def _share(missing: list[int], possible: frozenset[int]) -> float:
    return round(1 - len(missing) / len(possible), 4) if possible else 1.0


def _branch_share(run: SuiteRun) -> float:
    executed = run.branches & run.import_arcs.union(*(test.arcs for test in run.tests))
    return round(len(executed) / len(run.branches), 4) if run.branches else 1.0


def _line(path: str, line: int, *, last: bool, advisory: bool) -> Finding:
    hint = "add a test that reaches this line, or remove it"
    if last:  # no threshold is lowered for it: whether it can run is not known here
        hint = (
            "add a test that reaches this line; if nothing can, leave it out, so that what stands before it "
            "is the last case and needs no condition; what a loop always finds, `next(...)` finds without an end"
        )
    return finding(
        "coverage.line",
        f"no test runs line {line}",
        path=path,
        line=line,
        hint=hint,
        advisory=advisory,
    )


def _branch(path: str, arc: tuple[int, int], *, advisory: bool) -> Finding:
    start, end = arc
    return finding(
        "coverage.branch",
        f"no test goes from line {start} {f'to line {end}' if end > 0 else 'out of the function'}",
        path=path,
        line=start,
        hint="add a test in which the condition comes out the other way",
        key=f"to {end}",
        advisory=advisory,
    )


def _pieces(subject: Subject, run: SuiteRun) -> Iterator[Finding]:
    """What must have run whatever the share: in a large plugin a tenth of the lines has room for anything."""
    plan = subject.plan
    for line, shown in plan.blocks if plan else ():
        if not shown:
            message = f"whether the block in line {line} runs cannot be seen"
            yield finding("coverage.block", message, path=subject.entry, line=line, hint="give it lines of its own")
        elif shown not in run.executed:
            message, hint = f"no test runs the block that begins in line {line}", "add a test that comes to it"
            yield finding("coverage.block", message, path=subject.entry, line=line, hint=hint)
    for place, line in enumerate(plan.lambdas if plan else ()):
        if place not in run.lambdas:
            message = f"no test calls the lambda in line {line}"
            hint = "add a test whose result depends on it"
            yield finding("coverage.call", message, path=subject.entry, line=line, hint=hint, key=str(place))


def _capabilities(subject: Subject, missing: frozenset[int]) -> list[Finding]:
    first = subject.plan.first if subject.plan else {}
    return [
        finding(
            "coverage.capability",
            f"line {use.line} uses {use.name}, and no test runs it",
            path=use.path,
            line=use.line,
            hint="test it with the doubles of sdk.testing",
            key=use.kind,
        )
        for use in subject.uses or ()
        if use.path == subject.entry and first.get(use.line, use.line) in missing
    ]
