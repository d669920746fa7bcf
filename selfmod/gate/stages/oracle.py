"""Stage oracle: what the plugin does, held against what somebody else said it should do.

The examples and the recorded calls are replayed in a production worker, without pytest, and compared here; what is sent
whatever a call is given is looked at, too.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sandbox.outcome import Completed, Outcome, describe
from sandbox.outside.rehearsed import Rehearsed
from sandbox.program import Job
from sandbox.values import encode
from selfmod.candidate import Candidate
from selfmod.examples import arguments, expected_value, mismatch
from selfmod.gate.base import PREVIOUS, Figure, Finding, StageResult, finding, result
from selfmod.gate.changes import changes
from selfmod.gate.evidence import BadEvidence, array, text, whole
from selfmod.gate.memory import remembered
from selfmod.gate.production import (
    Call,
    distinct,
    doubles_of,
    is_answered,
    may_differ,
    otherwise,
    production,
    repeatable,
    settled,
    written,
)
from selfmod.gate.sent import constants_sent
from selfmod.gate.subject import Subject, SuiteRun
from selfmod.gate.suite import NoPlan, Variation, handlers, limits_for, make_plan, plain_world, run_tests, test_paths
from selfmod.spec import Example

_SHOWN = 5
_LONG = 40  # characters: a shorter recorded text is as likely to be written by hand
_ADVISORY = frozenset({"oracle.itself"})
_HINTS = {
    "oracle.unwritten": "write at least one expected value by hand, as a literal in a test",
    "oracle.recorded": "round to what can be checked by hand, such as pytest.approx(877.5, abs=0.5), and say where the "
    "number is from",
}


class Oracle:
    """Examples, calls of the tests outside of pytest, tests of the approved version, and imitations of all these."""

    name = "oracle"

    def run(self, subject: Subject) -> StageResult:
        """Run every oracle there is; `subject.oracles` says which of them were independent of the author."""
        if subject.plan is None or subject.run is None:
            return StageResult(name=self.name, verdict="not-run")
        figures: dict[str, Figure] = {}
        findings = [*_examples(subject, figures), *_replay(subject, subject.run, figures)]
        if not any(one.rule == "oracle.replay" and not one.advisory for one in findings):
            findings += remembered(subject, subject.run.calls)
        findings += [*_previous(subject, figures), *changes(subject, figures)]
        findings += [*_imitations(subject), *_recorded(subject, subject.run)]
        findings += constants_sent(subject, subject.run)
        _blind(subject, figures)
        figures["independent"] = bool(subject.oracles)
        return result(self.name, findings, figures=figures)


# ---- the person's examples -----------------------------------------------------------------------------------------


def _examples(subject: Subject, figures: dict[str, Figure]) -> Iterator[Finding]:
    examples = subject.spec.examples if subject.spec else ()
    held_back = sum(1 for example in examples if example.held_back)
    figures["examples"], figures["held_back"] = len(examples), held_back
    if not examples:
        return
    failed = judged = unjudged = 0
    for example, wrong in zip(examples, _judged(subject, examples), strict=True):
        if wrong is None:
            unjudged += 1  # what it should give depends on what the outside says, and nothing of it is real here
            continue
        judged += 1
        if wrong and example.held_back:
            failed += 1
        elif wrong:
            yield finding("oracle.example", wrong, hint="the examples of the request decide", key=example.source)
    figures["examples_judged"], figures["held_back_failed"] = judged, failed
    if unjudged:
        yield finding(
            "oracle.unjudged",
            f"{unjudged} of {len(examples)} examples could not be judged: what they give depends on the outside, and "
            "nothing of it is real before approval",
            advisory=True,
        )
    elif judged:  # a plugin that asks where it would be wrong must not gain an oracle by what is left
        subject.oracles = (*subject.oracles, "examples")
    if failed:
        # What these examples are must not reach whoever writes the next attempt.
        yield finding(
            "oracle.held-back",
            f"{failed} of {held_back} examples that were held back from the author fail",
            hint="write what the request says for every input, not only for the examples",
        )


def _blind(subject: Subject, figures: dict[str, Figure]) -> None:
    """Tests written from the request alone: where the code disagrees a person is asked; neither is known to be right.

    They do not count as an independent oracle: the model that wrote them may misread a request as the author did.
    """
    if not subject.blind:
        return
    said = [wrong for wrong in _judged(subject, subject.blind) if wrong is not None]
    questions: list[Figure] = [
        f"By the words of the request alone, {wrong}. Which is right?" for wrong in said if wrong
    ]
    judged = len(said)
    figures["blind_tests"], figures["blind_agreed"] = judged, judged - len(questions)
    figures["questions"] = questions


def _judged(subject: Subject, examples: Sequence[Example]) -> list[str | None]:
    """What is wrong with what each example gives, "" where nothing is; None where that depends on the outside."""
    inputs = [(example.function, *arguments(example)) for example in examples]
    ended = settled(subject, inputs)
    return [
        None if one.outcome is None else _wrong(subject, example, one.outcome)
        for example, one in zip(examples, ended, strict=True)
    ]


def _wrong(subject: Subject, example: Example, outcome: Outcome) -> str:
    assert subject.plan is not None
    if example.function not in subject.plan.functions:
        return f"{example.call}: the plugin has no function {example.function}"
    return mismatch(example, outcome)


# ---- the calls of the tests, without pytest ------------------------------------------------------------------------


def _replay(subject: Subject, run: SuiteRun, figures: dict[str, Figure]) -> Iterator[Finding]:
    calls, shown = list(repeatable(distinct(run.calls))), 0
    figures["replayed"] = len(calls)
    outside = Rehearsed(doubles_of(subject.manifest))
    with production(subject, outside) as session:
        for call in calls:
            other = otherwise(call.recorded, call.again(session, outside, subject.stage_s)) or _stranger(call, outside)
            if other and shown < _SHOWN:
                shown += 1
                yield finding(
                    "oracle.replay",
                    other,
                    hint="behave the same with and without tests",
                    key=call.recorded.test,
                    advisory=may_differ(subject, call),
                )


def _stranger(call: Call, outside: Rehearsed) -> str:
    asks = sorted(filter(is_answered, outside.strangers))
    return f"in production {written(call.recorded)} asks for {asks[0]} as it did not under the tests" if asks else ""


# ---- the tests of the approved version -----------------------------------------------------------------------------


def _previous(subject: Subject, figures: dict[str, Figure]) -> Iterator[Finding]:
    if subject.previous is None:
        return
    tests = {path: data for path, data in subject.previous.files.items() if path.startswith("tests/")}
    kept = {path: data for path, data in subject.candidate.files.items() if not path.startswith("tests/")}
    mixed = replace(subject, candidate=Candidate(files={**kept, **tests}))
    if not test_paths(mixed):
        return
    try:
        plan = make_plan(mixed)
    except NoPlan as reason:
        yield finding(PREVIOUS, f"the tests of the approved version cannot be read: {reason}")
        return
    run = run_tests(mixed, plan, Variation(world=plain_world(mixed)))
    wanted = [name for name in plan.ids if name not in subject.retired]
    subject.oracles = (*subject.oracles, "previous-tests") if wanted else subject.oracles
    passed = {name for name in plan.ids if run.notes.tests.get(name, {}).get("outcome") == "passed"}
    figures["previous_tests"], figures["previous_passed"] = len(wanted), len(passed.intersection(wanted))
    if run.notes.problem or not isinstance(run.outcome, Completed):
        ended = run.notes.problem or describe(run.outcome)
        yield finding(PREVIOUS, f"the tests of the approved version did not end normally: {ended}")
        return
    failed = [name for name in plan.ids if name not in passed]
    figures["previous_retired"] = sum(name in subject.retired for name in failed)
    for name in failed:
        message = str(run.notes.tests.get(name, {}).get("message", "it was not run"))[:500]
        found = finding(
            PREVIOUS,
            f"the approved version passes {name}, this one does not: {message}",
            hint="keep the behaviour; a person who finds that test wrong retires it: waive ID "
            f"{shlex.quote(f'{PREVIOUS}:{name}')} --reason TEXT",
            key=name,
        )
        yield replace(found, waived=True, hint="") if name in subject.retired else found


# ---- imitations ----------------------------------------------------------------------------------------------------


def _imitations(subject: Subject) -> Iterator[Finding]:
    examples = [example for example in (subject.spec.examples if subject.spec else ()) if example.kind != "raises"]
    job = Job(
        function="selfmod.gate.reading.imitation:imitations",
        argument={
            "entry": subject.entry,
            "tests": test_paths(subject),
            "handlers": sorted(handlers(subject)),
            "request": subject.spec.text if subject.spec else "",
            "examples": [
                [example.function, _key(example), repr(expected_value(example)), example.held_back]
                for example in examples
            ],
        },
        files=subject.candidate.files,
    )
    outcome = subject.sandbox.run(job, limits=limits_for(subject), kind="tests", seed=0)
    if not isinstance(outcome, Completed):
        yield finding("oracle.unreadable", f"the files cannot be read for imitations: {describe(outcome)}")
        return
    for rule, path, line, message in (array(item) for item in array(outcome.value)):
        yield finding(
            text(rule),
            text(message),
            path=text(path),
            line=whole(line),
            hint=_HINTS.get(text(rule), "write what the request means, and tests that say it in another way"),
            advisory=rule in _ADVISORY,
        )


def _key(example: Example) -> str:
    args, named = arguments(example)
    if len(args) == 1 and not named:
        return repr(args[0])
    return repr(tuple(args)) if not named else repr((*args, *named.items()))


def _recorded(subject: Subject, run: SuiteRun) -> Iterator[Finding]:
    """Results of the plugin that lie, whole, in a data file of its tests: nobody but the plugin said they are right."""
    results = [call.value for call in run.calls if call.outcome == "returned" and _is_long(call.value)]
    for path, data in subject.candidate.files.items():
        if path.startswith("tests/data/") and any(_is_content(value, data) for value in results):
            yield finding(
                "oracle.recorded",
                "this file is a recorded result of the plugin itself",
                path=path,
                hint="keep recorded inputs in tests/data, and write what results must be into the tests",
            )


def _is_long(value: object) -> bool:
    return len(value if isinstance(value, str) else json.dumps(value)) >= _LONG


def _is_content(value: object, data: bytes) -> bool:
    try:
        content = data.decode("utf-8")
        if isinstance(value, str):
            return value.strip() == content.strip()
        return bool(encode(json.loads(content)) == value)
    except (ValueError, RecursionError, BadEvidence):
        return False
