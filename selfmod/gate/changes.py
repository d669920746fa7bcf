"""Where a change behaves otherwise than the approved version: shown to a person, who alone knows what was asked for.

Both versions are called in production workers, on inputs that no test names: made of the calls of the tests and of the
constants of both sources, since a boundary or a special case that was added, moved or lost is likely to lie there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sandbox.outcome import Completed, Outcome, Raised, describe
from sandbox.program import Job
from sandbox.values import decode
from selfmod.examples import call_of, call_text
from selfmod.gate.base import Figure, Finding, finding
from selfmod.gate.evidence import BadEvidence, array, mapping, text
from selfmod.gate.production import Input, production
from selfmod.gate.subject import Subject
from selfmod.gate.suite import limits_for

_CALLS = 40  # of the tests, from which inputs are made
_SHOWN = 5
_CALL_S = 0.25
_SHARE = 5  # of the time of a stage, for each version
_NONSENSE = ("TypeError", "AttributeError")  # what a value of the wrong kind meets


def changes(subject: Subject, figures: dict[str, Figure]) -> Iterator[Finding]:
    """The first inputs on which both versions end otherwise, as advice."""
    before = subject.previous
    if before is None or subject.run is None or subject.entry not in before.files:
        return
    try:
        tried = _inputs(subject)
    except BadEvidence as error:
        yield finding("oracle.changed", f"it cannot be compared with the approved version: {error}", advisory=True)
        return
    now = _outcomes(subject, tried)
    then = _outcomes(replace(subject, candidate=before), tried)
    known = {call_of(example) for example in (subject.spec.examples if subject.spec else ())}
    pairs = [
        (call_text(*one), told(old), told(new))
        for one, old, new in zip(tried, then, now, strict=False)
        if _matters(old, new) and call_text(*one) not in known
    ]
    different = sorted((item for item in pairs if item[1] != item[2]), key=lambda item: len(repr(item)))
    figures["compared"], figures["changed"] = min(len(now), len(then)), len(different)
    for call, old, new in different[:_SHOWN]:
        yield finding(
            "oracle.changed",
            f"Was {call} to change? The approved version {old}, this one {new}.",
            key=call[:80],
            advisory=True,
        )


def told(outcome: Outcome) -> str:
    """How a call ended, in words that are the same exactly when it ended the same."""
    if isinstance(outcome, Completed):
        return f"gives {outcome.value!r}"[:300]
    return f"raises {outcome.kind}" if isinstance(outcome, Raised) else f"ends so: {describe(outcome)}"[:300]


def _matters(*outcomes: Outcome) -> bool:
    """Whether both said something of the input: a call that asks, or does not come back in time, says nothing here."""
    return all(
        isinstance(one, Completed) or (isinstance(one, Raised) and one.kind not in _NONSENSE) for one in outcomes
    )


def _inputs(subject: Subject) -> list[Input]:
    assert subject.previous is not None
    assert subject.run is not None
    sources = {"now.py": subject.candidate.files[subject.entry], "before.py": subject.previous.files[subject.entry]}
    job = Job(
        function="selfmod.gate.harness.changes:inputs_between",
        argument={
            "sources": sorted(sources),
            "calls": [
                {"function": call.function, "args": call.args, "kwargs": call.kwargs}
                for call in subject.run.calls
                if not call.asked
            ][:_CALLS],
        },
        files=sources,
    )
    outcome = subject.sandbox.run(job, limits=limits_for(subject), kind="tests", seed=0)
    if not isinstance(outcome, Completed):
        raise BadEvidence(describe(outcome))
    return [_input(array(item)) for item in array(outcome.value)]


def _input(said: list[object]) -> Input:
    try:
        name, args, named = said
        return text(name), array(decode(args)), mapping(decode(named))
    except ValueError as error:
        raise BadEvidence("values that cannot be read") from error


def _outcomes(subject: Subject, tried: Sequence[Input]) -> list[Outcome]:
    """How the calls end in production, as many as there is time for."""
    until = time.monotonic() + subject.stage_s / _SHARE
    ended: list[Outcome] = []
    with production(subject) as session:
        for name, args, named in tried:
            if time.monotonic() > until:
                break
            ended.append(session.call(name, args, named, wall_s=_CALL_S))
    return ended
