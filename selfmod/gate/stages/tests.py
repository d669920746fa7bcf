"""Stage tests: every test that stands in the files runs once and passes, by a verdict that is formed here, outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sandbox.outcome import Completed, describe
from selfmod.gate.base import Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence
from selfmod.gate.stages.capabilities import covers, observed_names
from selfmod.gate.subject import Subject, SuiteRun
from selfmod.gate.suite import NoPlan, Plan, Run, Variation, make_plan, plain_world, run_tests

_MESSAGE = 2000  # characters of one failure that are worth showing


class Tests:
    """Counts the tests by reading, runs them in a worker, and compares."""

    __test__ = False
    name = "tests"

    def run(self, subject: Subject) -> StageResult:
        """Fill `subject.plan`, `expected_tests` and `run`."""
        try:
            plan = make_plan(subject)
        except NoPlan as reason:
            return self._result([finding("tests.unreadable", f"the tests cannot be read: {reason}")], 0, 0)
        findings = list(_counting(plan, subject.thresholds.tests))
        if findings:
            return self._result(findings, len(plan.ids), 0)
        subject.plan, subject.expected_tests = plan, plan.ids
        run = run_tests(subject, plan, Variation(measure=True, world=plain_world(subject)))
        findings = list(_judge(plan, run))
        try:
            subject.run = suite_run(plan, run)
        except BadEvidence as problem:
            return self._result([*findings, _forged(str(problem))], len(plan.ids), 0)
        findings += [*_observed(subject, subject.run), *_kept(subject, subject.run)]
        if not findings:  # a test that failed has its own reasons
            findings += [*_never_ran(plan, run), *_swallowed(run)]
        return self._result(findings, len(plan.ids), len(subject.run.passed))

    def _result(self, findings: list[Finding], collected: int, passed: int) -> StageResult:
        return result(self.name, findings, figures={"collected": collected, "passed": passed})


def suite_run(plan: Plan, run: Run) -> SuiteRun:
    """The evidence of one run for later stages. Raises BadEvidence."""
    imported = plan.executed(run.notes.arcs.get("", frozenset()))
    return SuiteRun(
        expected=plan.ids,
        tests=run.notes.test_runs(plan.executed),
        outcome=run.outcome,
        import_lines=imported.lines,
        import_arcs=imported.arcs,
        executable=plan.lines,
        branches=plan.branches,
        asks=run.notes.asks(),
        calls=run.notes.calls(),
        lambdas=run.notes.lambdas or frozenset(),
    )


def _observed(subject: Subject, run: SuiteRun) -> list[Finding]:
    """Hold what the doubles were asked for against the manifest."""
    names = observed_names(run.asks)
    declared = subject.manifest.capability_names() if subject.manifest else ()
    return [
        finding(
            "tests.capability",
            f"in its tests it asks for {name}, which the manifest does not declare",
            hint="declare it, or do without it",
            key=name,
        )
        for name in names
        if not any(covers(one, name) for one in declared)
    ]


def _kept(subject: Subject, run: SuiteRun) -> Iterator[Finding]:
    """Results of handlers that only tests can see: in production every such call would fail."""
    manifest = subject.manifest
    handlers = {one.handler for one in (*manifest.tools, *manifest.commands)} if manifest else set()
    kept = {call.function: call for call in run.calls if call.outcome == "kept" and call.function in handlers}
    for name, call in kept.items():
        yield finding(
            "tests.result",
            f"what {name} returns in {call.test} does not reach the person who calls it: {call.value}",
            hint="return plain data: dict(counter), asdict(item), str(amount), day.isoformat(), level.value",
            key=name,
        )


def _never_ran(plan: Plan, run: Run) -> Iterator[Finding]:
    """Assertions that say nothing, since no test came to them: after a filter that lets nothing through, in a map."""
    ran = run.notes.lines_run or frozenset()
    for path, first, last in plan.assertions:
        if not any((path, line) in ran for line in range(first, last + 1)):
            message = "no test runs this assertion" if last else "whether this assertion runs cannot be seen"
            hint = "call what it stands in, and loop over what is not empty" if last else "give it a line of its own"
            yield finding("tests.assertion-not-run", message, path=path, line=first, hint=hint)


def _swallowed(run: Run) -> Iterator[Finding]:
    """Assertions that failed in tests that passed."""
    for path, line in sorted(run.notes.failed_asserts):
        message = "this assertion failed, and its test passed all the same"
        yield finding(
            "tests.assertion-swallowed", message, path=path, line=line, hint="let the failure out of the test"
        )


def _counting(plan: Plan, most: int) -> list[Finding]:
    findings = [
        finding(
            "tests.uncountable", message, path=path, line=line, hint="write tests whose ids can be read from the file"
        )
        for path, line, message in plan.problems
    ]
    if not plan.ids and not findings:
        findings.append(finding("tests.none", "there is no test", hint="add tests/test_plugin.py with test functions"))
    if len(plan.ids) > most:
        findings.append(finding("tests.many", f"there are {len(plan.ids)} tests; at most {most} are allowed"))
    doubled = [name for name, count in Counter(plan.ids).items() if count > 1]
    findings.extend(finding("tests.uncountable", f"two tests have the id {name}") for name in doubled)
    return findings


def _judge(plan: Plan, run: Run) -> list[Finding]:
    """Every way a run can fall short of: each expected test reported once as passed, and a normal end."""
    notes = run.notes
    findings = [
        finding("tests.collect", f"the file cannot be collected: {_last_line(message)}", path=path)
        for path, message in notes.collect_errors
    ]
    for name, note in notes.tests.items():
        if note.get("outcome") != "passed":
            findings.append(_unpassed(name, note))
    if notes.problem:
        findings.append(_forged(notes.problem))
    elif not isinstance(run.outcome, Completed):
        findings.append(_ended(describe(run.outcome), run))
    elif notes.end is None:
        findings.append(_ended("the run ended without its last word", run))
    elif notes.end != 0 and not findings:
        findings.append(_ended(f"pytest ended with {notes.end}", run))
    if not notes.collect_errors:
        findings.extend(_ids(plan, run))
    return findings


def _ids(plan: Plan, run: Run) -> list[Finding]:
    expected, seen = set(plan.ids), set(run.notes.tests)
    findings = [
        finding("tests.unexpected", f"a test ran that the files do not show: {name}", key=name)
        for name in sorted(seen - expected)
    ]
    missing = sorted(expected - seen)
    if missing and run.notes.tests:
        findings.extend(finding("tests.missing", f"{name} was not run", key=name) for name in missing)
    elif missing:
        findings.append(finding("tests.missing", f"none of the {len(missing)} tests was run"))
    return findings


def _unpassed(name: str, note: dict[str, object]) -> Finding:
    skipped = note.get("outcome") == "skipped"
    line, path = note.get("line"), note.get("path")
    return finding(
        "tests.skipped" if skipped else "tests.failed",
        f"{name} {'was skipped' if skipped else 'failed'}: {str(note.get('message'))[:_MESSAGE]}",
        path=path if isinstance(path, str) else "",
        line=line if type(line) is int else 0,
        hint="every test must run and pass" if skipped else "correct the plugin, or the test if the test is wrong",
        key=name,
    )


def _ended(reason: str, run: Run) -> Finding:
    after = list(run.notes.tests)[-1:] or ["the import"]
    return finding("tests.ended", f"the run did not end normally: {reason} (after {after[0]})")


def _forged(reason: str) -> Finding:
    return finding("tests.forged", f"the worker's account of the run is not our own: {reason}")


def _last_line(message: str) -> str:
    return (message.strip().splitlines() or ["no reason given"])[-1]
