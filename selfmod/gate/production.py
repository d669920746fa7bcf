"""A plugin as it will run when it is approved: in a production worker, without pytest, with doubles for the outside.

What the tests heard of their doubles can be said again, so that calls that ask are replayed and timed like others. It
comes from inside the tested process and is believed no more than any other script.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from plugins.digest import digest_of_value
from plugins.manifest import Manifest
from sandbox.limits import Limits
from sandbox.outcome import Completed, Outcome, Raised, describe
from sandbox.outside.base import Outside
from sandbox.outside.doubles import Doubles, Script, ScriptedReply
from sandbox.outside.rehearsed import Exchange, Rehearsed
from sandbox.policy import Policy
from sandbox.program import Program
from sandbox.session import Session
from sandbox.values import decode, encode
from selfmod.examples import call_text
from selfmod.gate.subject import RecordedCall, Subject

_T = TypeVar("_T")

Input = tuple[str, Sequence[object], Mapping[str, object]]  # a function, and what it is called with

_REPLAYED = 500  # calls
_REHEARSED = 3  # tests whose doubles make a world of their own
# Another moment and other draws than those that neutral doubles have, and a server that knows nothing.
_ELSEWHERE = Script(now=1_893_456_007.25, seed=977, reply=ScriptedReply(status=404, body=b"not found"))


def doubles_of(manifest: Manifest | None, script: Script | None = None) -> Doubles:
    """Doubles with the policy and the ceilings of a manifest; nothing is allowed where there is none."""
    return Doubles(manifest.to_policy() if manifest else Policy(), script, limits_of(manifest))


def limits_of(manifest: Manifest | None) -> Limits:
    """The ceilings that a manifest declares."""
    return manifest.limits.to_limits() if manifest else Limits()


def production(subject: Subject, outside: Outside | None = None) -> Session:
    """Open the plugin as it will run when it is approved, with neutral doubles where nothing else is given."""
    files = {path: data for path, data in subject.candidate.files.items() if not path.startswith("tests/")}
    limits = limits_of(subject.manifest)
    limits = replace(limits, wall_s=min(limits.wall_s, subject.stage_s))
    program = Program(files=files, entry=subject.entry)
    policy = subject.manifest.to_policy() if subject.manifest else Policy()
    return subject.sandbox.open(program, policy=policy, limits=limits, outside=outside or doubles_of(subject.manifest))


def is_answered(operation: str) -> bool:
    """Whether an operation gets an answer from the outside; messages get none."""
    return not operation.startswith(("log", "progress"))


def is_content(operation: str) -> bool:
    """Whether the answer is content that doubles can only make up: not the time, not chance."""
    return is_answered(operation) and not operation.startswith(("clock", "random"))


def worlds(subject: Subject) -> list[Rehearsed]:
    """Different outsides: neutral, elsewhere, and what the doubles of some tests said."""
    heard: dict[str, list[Exchange]] = {}
    for call in subject.run.calls if subject.run else ():
        if call.exchanges:
            heard.setdefault(call.test, []).extend(call.exchanges)
    # Long recordings first: they are those with content.
    rehearsals = sorted(heard.values(), key=len, reverse=True)[:_REHEARSED]
    scripts = [Script(), _ELSEWHERE, *itertools.repeat(_ELSEWHERE, len(rehearsals))]
    played: list[list[Exchange]] = [[], [], *rehearsals]
    return [Rehearsed(doubles_of(subject.manifest, script), said) for script, said in zip(scripts, played, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A recorded call that can be made again."""

    recorded: RecordedCall
    args: list[object]
    named: dict[str, object]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What it heard of the doubles of its test."""
        return self.recorded.exchanges or ()

    def again(self, session: Session, outside: Rehearsed, wall_s: float) -> Outcome:
        """Make it, in a session whose outside is `outside`, which then says what the test's doubles said."""
        outside.play(self.exchanges)
        return session.call(self.recorded.function, self.args, self.named, wall_s=wall_s)


def distinct(calls: tuple[RecordedCall, ...]) -> tuple[RecordedCall, ...]:
    """The first of calls that were given and heard the same, in their order, as many as are made again."""
    first: dict[str, RecordedCall] = {}
    for call in calls:
        if call.outcome != "kept":
            first.setdefault(given(call), call)
    return fairly(tuple(first.values()), _REPLAYED, by=lambda call: (call.function, call.test))


def fairly(items: Sequence[_T], most: int, *, by: Callable[[_T], object]) -> tuple[_T, ...]:
    """At most so many in their order, with as many of each group as of any other: no crowd hides a single one."""
    if len(items) <= most:
        return tuple(items)
    seen = Counter[object]()
    turns = []
    for place, item in enumerate(items):
        turns.append((seen[by(item)], place))
        seen[by(item)] += 1
    return tuple(items[place] for place in sorted(place for _, place in sorted(turns)[:most]))


def given(call: RecordedCall) -> str:
    """All that a call was given and heard, as one text."""
    heard = repr(call.exchanges) if call.asked else ""
    return json.dumps([call.function, call.args, call.kwargs, heard], sort_keys=True)


def written(call: RecordedCall) -> str:
    """A call as a person writes it."""
    args, named = decode(call.args), decode(call.kwargs)
    return call_text(call.function, args if isinstance(args, list) else [], named if isinstance(named, dict) else {})


def otherwise(call: RecordedCall, outcome: Outcome) -> str:
    """Return how the call ended otherwise than under the tests, "" where it did not."""
    if call.outcome == "raised":
        if isinstance(outcome, Raised) and outcome.kind == call.value:
            return ""
    elif isinstance(outcome, Completed) and _same(outcome.value, call):
        return ""
    now = repr(outcome.value) if isinstance(outcome, Completed) else describe(outcome)
    return f"{written(call)} {call.outcome} {call.value!r:.300} under the tests, but in production: {now[:300]}"


def _same(value: object, call: RecordedCall) -> bool:
    return digest_of_value(encode(value)) == (call.value if call.outcome == "large" else digest_of_value(call.value))


def may_differ(subject: Subject, call: Call) -> bool:
    """Whether it declares time or chance and takes it from elsewhere than the SDK, where no double can say it again."""
    effects = subject.manifest.effects if subject.manifest else ()
    return bool(effects) and not any(one.ask.op.startswith(("clock", "random")) for one in call.exchanges)


def repeatable(calls: tuple[RecordedCall, ...]) -> Iterator[Call]:
    """The calls that can be made again: their values cross, and what they heard was kept."""
    for call in calls:
        if call.exchanges is None:
            continue
        try:
            args, named = decode(call.args), decode(call.kwargs)
        except ValueError:
            continue
        if isinstance(args, list) and isinstance(named, dict):
            yield Call(recorded=call, args=args, named={str(name): value for name, value in named.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a call ended, None where that depends on what the outside says; `content` says whether it asked for some."""

    outcome: Outcome | None
    content: bool


def settled(subject: Subject, inputs: Sequence[Input], *, within_s: float = math.inf) -> list[Settled]:
    """How calls end in one worker, one after the other, of those that there is time for (wall clock, for each world).

    Where the answer is the same whatever the outside says, asking it is no excuse. An exception is one where content
    was asked for, which doubles can only make up.
    """
    plain, *elsewhere = worlds(subject)
    given = _give(subject, inputs, plain, within_s)
    others = [_give(subject, inputs, world, within_s) for world in elsewhere] if any(asks for asks, _ in given) else []
    return [
        _settled(given[place][0], [one[place][1] for one in (given, *others)]) for place in _reached(given, *others)
    ]


def _reached(*given: Sequence[object]) -> range:
    return range(min(map(len, given)))


def _settled(asks: set[str], outcomes: list[Outcome]) -> Settled:
    depends = bool(asks) and _depends(asks, outcomes)
    return Settled(outcome=None if depends else outcomes[0], content=any(map(is_content, asks)))


def _give(
    subject: Subject, inputs: Sequence[Input], world: Rehearsed, within_s: float
) -> list[tuple[set[str], Outcome]]:
    """What calls ask in one world, and how they end there."""
    until, given = time.monotonic() + within_s, list[tuple[set[str], Outcome]]()
    with production(subject, world) as session:
        for function, args, named in inputs:
            if (left := until - time.monotonic()) <= 0:
                break
            world.asked = set()
            outcome = session.call(function, args, named, wall_s=min(subject.stage_s, left))
            given.append((set(filter(is_answered, world.asked)), outcome))
    return given


def _depends(asks: set[str], outcomes: list[Outcome]) -> bool:
    if any(map(is_content, asks)) and not all(isinstance(outcome, Completed) for outcome in outcomes):
        return True
    return len({_ended(outcome) for outcome in outcomes}) > 1


def _ended(outcome: Outcome) -> str:
    if isinstance(outcome, Completed):
        return json.dumps(encode(outcome.value), sort_keys=True)
    return f"raised {outcome.kind}" if isinstance(outcome, Raised) else f"ended {type(outcome).__name__}"
