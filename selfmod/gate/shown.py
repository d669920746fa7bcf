"""What README and docstrings show, held against what the plugin does: each call is made in production workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sandbox.outcome import Completed, Outcome, Raised
from sandbox.values import decode
from selfmod.gate.base import Figure, Finding, finding
from selfmod.gate.changes import told
from selfmod.gate.evidence import BadEvidence, array, mapping, text, whole
from selfmod.gate.likeness import says
from selfmod.gate.production import Input, settled
from selfmod.gate.subject import Subject

_SHOWN: Final = 5
_SHARE: Final = 8  # of the time of a stage, for each world
_HINT: Final = "show what it does: have the example made by `try`, and copy what it gives"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Example:
    """A call that is shown, and what is said of it: it gives `promise`, it raises, or (unsure) something of errors."""

    path: str
    line: int
    text: str
    handler: str
    args: list[object]
    named: Mapping[str, object]
    problem: str
    how: str
    promise: str


def shown(subject: Subject, said: object, figures: dict[str, Figure]) -> Iterator[Finding]:
    """The shown calls that nobody can make, and those that give something else than is shown.

    What depends on the outside, or on time and chance, cannot be told here, where nothing of it is real.
    """
    examples = [_example(item) for item in array(said)]
    figures["calls_shown"] = len(examples)
    wrong = [
        _finding("docs.shown-call", one, f"this call cannot be made: {one.problem}") for one in examples if one.problem
    ]
    possible = [one for one in examples if not one.problem]
    effects = subject.manifest.effects if subject.manifest else ()
    inputs: list[Input] = [(one.handler, one.args, one.named) for one in possible if not effects]
    ended = settled(subject, inputs, within_s=subject.stage_s / _SHARE) if inputs else []
    judged = [(one, call) for one, call in zip(possible, ended, strict=False) if call.outcome is not None]
    figures["calls_judged"] = len(judged)
    # What was kept before nobody knows here, and a page may speak of it.
    wrong += [replace(item, advisory=call.content) for one, call in judged for item in _wrong(one, call.outcome)]
    yield from wrong[:_SHOWN]


def _example(item: object) -> _Example:
    said = mapping(item)
    problem = text(said.get("problem"))
    try:
        args, named = decode(said.get("args")), decode(said.get("named"))
    except ValueError as error:
        raise BadEvidence("values that cannot be read") from error
    return _Example(
        path=text(said.get("path")),
        line=whole(said.get("line")),
        text=text(said.get("text")),
        handler=text(said.get("handler")),
        args=[] if problem else array(args),
        named={} if problem else mapping(named),
        problem=problem,
        how=text(said.get("how")),
        promise=text(said.get("promise")),
    )


def _wrong(one: _Example, outcome: Outcome | None) -> Iterator[Finding]:
    raised, given = isinstance(outcome, Raised), isinstance(outcome, Completed)
    ended = f"{one.text} {told(outcome)}" if outcome is not None else ""
    if not raised and not given:  # it reached a ceiling, and calls after it may not have been made
        yield _finding("docs.shown", one, ended)
    elif one.how == "gives" and not (isinstance(outcome, Completed) and says(one.promise, outcome.value)):
        yield _finding("docs.shown", one, f"{ended}; shown is {one.promise!r:.200}")
    elif one.how == "raises" and given:
        yield _finding("docs.shown", one, f"{ended}; shown is an error")
    elif one.how == "" and raised:
        yield _finding("docs.shown", one, f"{ended}, and nothing says so")


def _finding(rule: str, one: _Example, message: str) -> Finding:
    return finding(rule, message[:500], path=one.path, line=one.line, hint=_HINT, key=one.text[:80])
