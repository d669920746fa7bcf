"""What a worker said about its own run, taken apart strictly: hostile data until each part has the right shape."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from sandbox.outside.base import Ask, Failed, Given
from sandbox.outside.rehearsed import Exchange
from sandbox.values import decode
from selfmod.examples import call_text
from selfmod.gate.subject import ObservedAsk, RecordedCall, TestRun

_K = TypeVar("_K")
_T = TypeVar("_T")
_OUTCOMES = ("passed", "failed", "error", "skipped")
_TEXT = 4000


class BadEvidence(Exception):
    """A note does not have the shape that our own code in the worker gives it, so something else wrote it."""


@dataclass(slots=True, kw_only=True)
class Account(ABC):
    """What one worker says of one run; the first bad note spoils it (`problem`), later ones are dropped."""

    nonce: str
    limit: int
    problem: str = ""
    count: int = 0
    end: int | None = None

    def take(self, note: object) -> None:
        """Take one note from the worker."""
        self.count += 1
        if self.problem:
            return
        try:
            within(self.count, self.limit)
            self._take(self._ours(mapping(note)))
        except BadEvidence as error:
            self.problem = str(error)

    def _ours(self, note: Mapping[str, object]) -> Mapping[str, object]:
        if note.get("nonce") != self.nonce:
            raise BadEvidence("a note that our own code did not write")
        return note

    @abstractmethod
    def _take(self, note: Mapping[str, object]) -> None:
        """Take one note of our own; raises BadEvidence where its shape is another."""


@dataclass(slots=True, kw_only=True)
class Notes(Account):
    """Collects the notes of one run of the tests."""

    collected: tuple[str, ...] | None = None
    import_s: float | None = None
    lines_run: frozenset[tuple[str, int]] | None = None
    lambdas: frozenset[int] | None = None
    failed_asserts: frozenset[tuple[str, int]] = frozenset()
    tests: dict[str, dict[str, Any]] = field(default_factory=dict)
    arcs: dict[str, frozenset[tuple[int, int]]] = field(default_factory=dict)
    collect_errors: list[tuple[str, str]] = field(default_factory=list)

    def _take(self, note: Mapping[str, object]) -> None:
        if self.end is not None:
            raise BadEvidence("a note after the end of the run")
        match note.get("kind"):
            case "import":
                self.import_s = once(self.import_s, number(note.get("seconds")))
            case "collect-error":
                self.collect_errors.append((text(note.get("path")), text(note.get("message"))))
            case "collected":
                self.collected = once(self.collected, tuple(text(name) for name in array(note.get("ids"))))
            case "test":
                add(self.tests, text(note.get("id")), dict(note))
            case "arcs":
                add(self.arcs, text(note.get("test")), arc_set(note.get("arcs")))
            case "assertions":
                self.lines_run = once(self.lines_run, places(note.get("ran")))
                self.failed_asserts = places(note.get("failed"))
            case "lambdas":
                self.lambdas = once(self.lambdas, frozenset(whole(place) for place in array(note.get("ran"))))
            case "end":
                self.end = whole(note.get("exit"))
            case _:
                raise BadEvidence("a note of an unknown kind")

    def test_runs(self, lines: Callable[[frozenset[tuple[int, int]]], Lines]) -> tuple[TestRun, ...]:
        """The tests as they were reported; `lines` turns raw arcs into lines and branches of the plan."""
        runs = []
        for name, note in self.tests.items():
            executed = lines(self.arcs.get(name, frozenset()))
            runs.append(
                TestRun(
                    id=name,
                    outcome=_outcome(note.get("outcome")),
                    seconds=number(note.get("seconds")),
                    message=text(note.get("message")),
                    path=text(note.get("path")),
                    line=whole(note.get("line")),
                    lines=executed.lines,
                    arcs=executed.arcs,
                )
            )
        return tuple(runs)

    def calls(self) -> tuple[RecordedCall, ...]:
        """The recorded calls of the tests that passed."""
        return tuple(
            _call(name, mapping(call))
            for name, note in self.tests.items()
            if note.get("outcome") == "passed"
            for call in array(note.get("calls"))
        )

    def asks(self) -> tuple[ObservedAsk, ...]:
        """What the tests asked recording doubles for."""
        return tuple(
            ObservedAsk(op=text(mapping(ask).get("op")), argument=mapping(ask).get("argument"), test=name)
            for name, note in self.tests.items()
            for ask in array(note.get("asks", []))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One mutant as it was chosen: `before` became `after` at line `at` of the entry module."""

    index: int
    operator: str
    line: int
    at: int
    scope: str
    function: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def diff(self) -> str:
        """The change as a unified diff without its header."""
        lines = list(difflib.unified_diff(self.before, self.after, n=0, lineterm=""))[2:]
        return "\n".join([f"@@ line {self.at} @@", *lines[1:]])


def _change(note: Mapping[str, object]) -> Change:
    return Change(
        index=whole(note.get("index")),
        operator=text(note.get("operator")),
        line=whole(note.get("line")),
        at=whole(note.get("at")),
        scope=text(note.get("scope")),
        function=text(note.get("function")),
        before=tuple(text(line) for line in array(note.get("before"))),
        after=tuple(text(line) for line in array(note.get("after"))),
    )


@dataclass(slots=True, kw_only=True)
class MutantNotes(Account):
    """Collects the notes of one run against mutants: which there are, how each ended, and whether the tests pass alone.

    They are chosen before anything of the candidate is loaded, so the first note alone is to be believed as it is.
    """

    changes: tuple[Change, ...] | None = None
    failed: tuple[str, ...] | None = None
    results: dict[int, str] = field(default_factory=dict)
    questions: dict[int, Question] = field(default_factory=dict)

    def _take(self, note: Mapping[str, object]) -> None:
        match note.get("kind"):
            case "chosen":
                found = tuple(_change(mapping(one)) for one in array(note.get("changes")))
                self.changes = once(self.changes, found)
                self.limit += 2 * len(found)  # its fate, and a question
            case "baseline":
                self.failed = once(self.failed, tuple(text(name) for name in array(note.get("failed"))))
            case "mutant":
                add(self.results, whole(note.get("index")), _ending(note.get("result")))
            case "question":
                add(self.questions, whole(note.get("index")), _question(note))
            case "end":
                self.end = once(self.end, whole(note.get("exit")))
            case _:
                raise BadEvidence("a note of an unknown kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person may be asked: what a call should give, of which the plugin and a mutant say different things."""

    call: str
    text: str


def _question(note: Mapping[str, object]) -> Question:
    try:
        args, named = decode(note.get("args")), decode(note.get("kwargs"))
        said = [_said(array(note.get(way))) for way in ("plain", "mutant")]
    except ValueError as error:
        raise BadEvidence("values that cannot be read") from error
    call = call_text(text(note.get("function")), array(args), mapping(named))
    return Question(call=call, text=f"What should {call} give? This code says {said[0]}, the mutant {said[1]}.")


def _said(outcome: list[object]) -> str:
    way, value = outcome
    return f"{decode(value)!r}"[:300] if way == "returned" else f"{text(value)} (raised)"


def _ending(value: object) -> str:
    if value not in ("survived", "traces", "value", "raised", "crash", "budget", "time-out"):
        raise BadEvidence("an unknown fate of a mutant")
    return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Executed lines and branches in the terms of the plan."""

    lines: frozenset[int]
    arcs: frozenset[tuple[int, int]]


def _outcome(value: object) -> Literal["passed", "failed", "error", "skipped"]:
    if value not in _OUTCOMES:
        raise BadEvidence("an unknown outcome of a test")
    return value  # type: ignore[return-value]


def _call(test: str, note: Mapping[str, object]) -> RecordedCall:
    outcome = note.get("outcome")
    if outcome not in ("returned", "large", "raised", "kept"):
        raise BadEvidence("an unknown outcome of a call")
    return RecordedCall(
        test=test,
        function=text(note.get("function")),
        args=array(note.get("args")),
        kwargs=mapping(note.get("kwargs")),
        outcome=outcome,
        value=note.get("value"),
        asked=note.get("asked") is not False,
        exchanges=_exchanges(note.get("exchanges")),
    )


def _exchanges(said: object) -> tuple[Exchange, ...] | None:
    """What a call asked and was answered; None where the worker could not say."""
    return None if said is None else tuple(_exchange(array(item)) for item in array(said))


def _exchange(said: list[object]) -> Exchange:
    try:
        match said:
            case [op, argument, "given", value]:
                return Exchange(ask=Ask(op=text(op), argument=decode(argument)), answer=Given(value=decode(value)))
            case [op, argument, "failed", value]:
                kind, message = _two(decode(value))
                failed = Failed(kind=text(kind), message=text(message))
                return Exchange(ask=Ask(op=text(op), argument=decode(argument)), answer=failed)
            case _:
                raise BadEvidence("an ask and its answer were expected")
    except ValueError as error:
        raise BadEvidence("values that cannot be read") from error


def mapping(value: object) -> Mapping[str, object]:
    """Return `value` if it is a JSON object."""
    if type(value) is not dict or not all(type(key) is str for key in value):
        raise BadEvidence("an object was expected")
    return value


def array(value: object) -> list[object]:
    """Return `value` if it is a JSON array."""
    if type(value) is tuple:
        return list(value)
    if type(value) is not list:
        raise BadEvidence("an array was expected")
    return value


def text(value: object) -> str:
    """Return `value` if it is a text of a sane length."""
    if type(value) is not str or len(value) > _TEXT:
        raise BadEvidence("a short text was expected")
    return value


def number(value: object) -> float:
    """Return `value` if it is a number of seconds."""
    if type(value) not in (int, float) or not 0 <= value < 1e6:  # type: ignore[operator]
        raise BadEvidence("a number of seconds was expected")
    return float(value)  # type: ignore[arg-type]


def whole(value: object) -> int:
    """Return `value` if it is a small whole number."""
    if type(value) is not int or not 0 <= value < 10**7:
        raise BadEvidence("a whole number was expected")
    return value


def arc_set(value: object) -> frozenset[tuple[int, int]]:
    """Return the pairs of line numbers in `value`."""
    arcs = set()
    for pair in array(value):
        match array(pair):
            case [int(start), int(end)] if abs(start) < 10**6 and abs(end) < 10**6:
                arcs.add((start, end))
            case _:
                raise BadEvidence("pairs of line numbers were expected")
    return frozenset(arcs)


def places(value: object) -> frozenset[tuple[str, int]]:
    """Return the pairs of path and line in `value`."""
    return frozenset((text(path), whole(line)) for path, line in map(_two, array(value)))


def _two(value: object) -> list[object]:
    pair = array(value)
    if len(pair) != 2:
        raise BadEvidence("pairs were expected")
    return pair


def within(count: int, limit: int) -> None:
    """Refuse a flood."""
    if count > limit:
        raise BadEvidence("more notes than a run can give")


def once(old: _T | None, new: _T) -> _T:
    """Return `new`, which must be the first of its kind."""
    if old is not None:
        raise BadEvidence("a note came twice")
    return new


def add(known: dict[_K, _T], name: _K, value: _T) -> None:
    """Add a named value, which must be the first under its name."""
    if name in known:
        raise BadEvidence("the same thing was reported twice")
    known[name] = value
