"""Stage determinism: the same tests and results in another order, each alone, at another time, in another place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from selfmod.gate.base import Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence
from selfmod.gate.harness.world import REVERSED
from selfmod.gate.seconds import between_seconds
from selfmod.gate.subject import RecordedCall, Subject, SuiteRun
from selfmod.gate.suite import Plan, Run, Variation, plain_world, run_tests
from selfmod.gate.workers import hash_seed

_DAY = 86_400
_AT_ONCE = 2
_SHOWN = 5
_CAUSES = {
    "order": "the order of the tests",
    "alone": "which tests ran before",
    "hash": "the hash seed (the order of sets)",
    "clock": "the clock",
    "zone": "the time zone",
    "random": "the shared random numbers",
    "doubles": "what doubles of the outside answer where the test does not say it",
}
# So far from the plain run's zone that no moment of a day keeps its date in both.
_EAST, _WEST = "XXX-13:45", "XXX+11:45"
_HINTS = {
    "order": "let no test depend on what another one leaves behind",
    "alone": "let no test depend on what another one leaves behind",
    "hash": "sort what comes out of a set before it is used",
    "clock": "take the time as a parameter, or declare `effects: [clock]`",
    "zone": "use times with an explicit zone",
    "random": "use random.Random(seed), or declare `effects: [random]`",
    "doubles": "give testing.outside the now=, seed= or headers of replies that a test needs",
}


class Determinism:
    """Runs the suite again under changed circumstances.

    What the plugin declares as its effects stays what the doubles of the tests say, and where they say nothing it is
    another moment and another draw in each run.
    """

    name = "determinism"

    def run(self, subject: Subject) -> StageResult:
        """Run the variations, two at a time, and compare each with the plain run."""
        plan, plain = subject.plan, subject.run
        if plan is None or plain is None:
            return StageResult(name=self.name, verdict="not-run")
        variations = _variations(subject)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            runs = list(pool.map(lambda variation: run_tests(subject, plan, variation), variations))
        problems = [
            found
            for variation, run in zip(variations, runs, strict=True)
            for found in _compare(plan, plain, run, results=_is_same_moment(subject, variation))
        ]
        if problems:
            cause = _cause(subject, plan, plain)
            once = {found.id: found for found in reversed(problems)}
            problems = [_with_cause(found, cause) for found in list(once.values())[:_SHOWN]]
        else:  # what is not steady in itself says nothing here
            problems = list(between_seconds(subject))
        return result(self.name, problems, figures={"runs": 1 + len(runs)})


def _variations(subject: Subject) -> list[Variation]:
    changes = _changes(subject)
    shuffled = _apply(Variation(world=plain_world(subject)), changes, ("order", "hash", "clock", "zone", "random"))
    alone = _apply(Variation(world=plain_world(subject)), changes, ("alone", "clock", "random", "doubles"))
    again = replace(shuffled, order=subject.seed("order"))
    if "zone" in changes:
        again = _in_world(again, {"zone": _WEST})
    again = changes["doubles"](again)
    return [
        replace(shuffled, hash_seed=hash_seed(subject.secret, 1)),
        replace(alone, hash_seed=hash_seed(subject.secret, 2)),
        replace(again, hash_seed=hash_seed(subject.secret, 3)),
    ]


def _is_same_moment(subject: Subject, variation: Variation) -> bool:
    """Whether a declared clock shows what it showed in the plain run; an undeclared one is what is looked for."""
    return bool(variation.world.get("fixed_s") == plain_world(subject).get("fixed_s"))


_Change = Callable[[Variation], Variation]


def _changes(subject: Subject) -> dict[str, _Change]:
    """One change for each cause; none for what the plugin declares."""
    effects = subject.manifest.effects if subject.manifest else ()
    seed = subject.seed("random")
    changes: dict[str, _Change] = {}
    if "clock" not in effects:
        shift = (400 + seed % 30) * _DAY + 5 * 3600 + 1234
        changes["clock"] = lambda variation: _in_world(variation, {"shift_s": float(shift)})
        changes["zone"] = lambda variation: _in_world(variation, {"zone": _EAST})
    if "random" not in effects:
        changes["random"] = lambda variation: _in_world(variation, {"seed": seed})
    changes["doubles"] = lambda variation: _in_world(variation, _other_doubles(subject))
    changes["hash"] = lambda variation: replace(variation, hash_seed=hash_seed(subject.secret, 1))
    changes["order"] = lambda variation: replace(variation, order=REVERSED)
    changes["alone"] = lambda variation: replace(variation, function="harness.alone:run_alone", processes=16)
    return changes


def _other_doubles(subject: Subject) -> dict[str, Any]:
    """Another moment, with a fraction, another draw, and replies as servers send them."""
    seed = subject.seed("doubles")
    moment = plain_world(subject).get("fixed_s")
    later = {} if moment is None else {"fixed_s": moment + (800 + seed % 300) * _DAY + 7 * 3600 + 1234.57}
    return {"draws": 2 + seed % 1_000_000, "served": True, **later}


def _in_world(variation: Variation, changed: Mapping[str, Any]) -> Variation:
    return replace(variation, world={**variation.world, **changed})


def _apply(variation: Variation, changes: Mapping[str, _Change], causes: tuple[str, ...]) -> Variation:
    for cause in causes:
        if cause in changes:
            variation = changes[cause](variation)
    return variation


def _compare(plan: Plan, plain: SuiteRun, run: Run, *, results: bool = True) -> Iterator[Finding]:
    """What a varied run did otherwise than the plain one; verdicts only where other results are what was declared."""
    try:
        calls = run.notes.calls()
    except BadEvidence as error:
        run.notes.problem = run.notes.problem or str(error)
        calls = ()
    if not run.clean:
        reason = run.notes.problem or f"the worker ended as {type(run.outcome).__name__}"
        yield finding("determinism.ended", f"a run under other circumstances did not end normally: {reason}")
        return
    for name in plan.ids:
        note = run.notes.tests.get(name)
        if note is None or note.get("outcome") != "passed":
            message = str((note or {}).get("message", "it was not run"))[:500]
            yield finding(
                "determinism.verdict", f"{name} passes, but not under other circumstances: {message}", key=name
            )
            return
    yield from _other_results(plain.calls, calls if results else ())


def _other_results(first: tuple[RecordedCall, ...], second: tuple[RecordedCall, ...]) -> Iterator[Finding]:
    by_test: dict[str, list[RecordedCall]] = {}
    for call in second:
        by_test.setdefault(call.test, []).append(call)
    for call in first:
        others = by_test.get(call.test, [])
        other = others.pop(0) if others else None
        if other is not None and _heard_otherwise(call, other):
            others.clear()  # the doubles said something else, so this and what follows from it may differ
        elif other is not None and other != call:
            shown = f"{call.function}{_short(call.args)} gave {_short(call.value)}, then {_short(other.value)}"
            if (other.function, other.args, other.kwargs) != (call.function, call.args, call.kwargs):
                shown = f"{call.test} calls {call.function}{_short(call.args)}, then {_short(other.args)}"
            yield finding("determinism.result", f"results differ: {shown}", key=call.test)
            return


def _heard_otherwise(call: RecordedCall, other: RecordedCall) -> bool:
    if call.exchanges is None or other.exchanges is None:
        return True
    return [one.answer for one in call.exchanges] != [one.answer for one in other.exchanges]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _cause(subject: Subject, plan: Plan, plain: SuiteRun) -> str:
    """Which single change is enough, "" where none is."""
    for cause, change in _changes(subject).items():
        variation = change(Variation(world=plain_world(subject)))
        run = run_tests(subject, plan, variation)
        if next(_compare(plan, plain, run, results=_is_same_moment(subject, variation)), None) is not None:
            return cause
    return ""


def _with_cause(found: Finding, cause: str) -> Finding:
    if not cause:
        return found
    return replace(found, message=f"{found.message} - it depends on {_CAUSES[cause]}", hint=_HINTS[cause])
