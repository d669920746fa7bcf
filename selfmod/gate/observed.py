"""What a second look at the tests must show: every special case occurred, and somebody looks at each result.

Neither is chosen by chance or forgiven as a lone survivor of the mutation stage is, however small the plugin is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.values import encode
from selfmod.examples import arguments
from selfmod.gate.base import Finding, final, finding
from selfmod.gate.effects import MOST, Effect, effect_of, has_effects, too_many, unseen
from selfmod.gate.evidence import Account, BadEvidence, add, array, mapping, once, text, whole
from selfmod.gate.facts import facts_of
from selfmod.gate.reading.operands import OTHER
from selfmod.gate.subject import Subject, SuiteRun
from selfmod.gate.suite import Plan, handlers, run_forks

_EXAMPLES = 50
# Where tests meet all of a row but one, that one is hidden among them; of a row with more gaps the review names them.
_ROWS = frozenset({"member", "place", "beginning", "end", "sign", "pattern"})
# Of these nothing is told that coverage would not tell as well, where no test gets to them.
_BOUNDING = frozenset({"full", "ring", "same", "dropped", "twice", "neighbours"})
# Asks for a kind of value, not for a certain one.
_OF_A_KIND = re.compile(r"isinstance\([\w.]+, [\w.]+\)")


@dataclass(slots=True, kw_only=True)
class Observations(Account):
    """Collects the notes of one look at the tests."""

    seen: dict[int, frozenset[int]] = field(default_factory=dict)
    noticed: dict[str, bool] = field(default_factory=dict)
    effects: dict[tuple[Effect, int], bool] = field(default_factory=dict)
    many: bool = False

    def _take(self, note: Mapping[str, object]) -> None:
        match note.get("kind"):
            case "condition":
                add(self.seen, whole(note.get("index")), frozenset(map(whole, array(note.get("seen")))))
            case "handler":
                add(self.noticed, text(note.get("name")), note.get("noticed") is True)
            case "effect":
                add(self.effects, effect_of(note.get("effect")), note.get("noticed") is True)
            case "many":
                self.many = True
            case "end":
                self.end = once(self.end, whole(note.get("exit")))
            case _:
                raise BadEvidence("a note of an unknown kind")


def observed(subject: Subject, plan: Plan, run: SuiteRun) -> Iterator[Finding]:
    """Yield the special cases that no passing test or example met, and the handlers whose results nobody looks at."""
    try:
        wanted = [mapping(item) for item in array(facts_of(subject).get("conditions"))]
    except BadEvidence as error:
        yield final("mutation.unreadable", f"the conditions cannot be read: {error}")
        return
    called, gives = _handlers(subject, run), has_effects(run)
    if not wanted and not called and not gives:
        return
    notes = Observations(nonce=secrets.token_hex(16), limit=len(wanted) + len(called) + MOST * gives + 10)
    ended = _run(subject, plan, {"handlers": dict(called), "effects": gives and MOST}, notes)
    if notes.problem:
        yield final("mutation.forged", f"the worker's account of the second look is not our own: {notes.problem}")
        return
    if ended or notes.end is None:
        yield final("mutation.ended", f"the second look at the tests did not end normally: {ended}")
        return
    _share(wanted, notes)
    yield from (found for item in wanted for found in _unmet(subject, item, notes))
    yield from (_unlooked(subject, name) for name in called if not notes.noticed.get(name))
    yield from unseen(notes.effects, subject.entry)
    yield from [too_many()] if notes.many else []


def _handlers(subject: Subject, run: SuiteRun) -> dict[str, list[str]]:
    """The handlers that give something back, with the tests that call them, quick ones first."""
    names = handlers(subject)
    seconds = {test.id: test.seconds for test in run.passed}
    found: dict[str, set[str]] = {}
    for call in run.calls:
        if call.function in names and call.answered:
            found.setdefault(call.function, set()).add(call.test)
    return {name: sorted(tests, key=lambda test: (seconds.get(test, 0.0), test)) for name, tests in found.items()}


def _run(subject: Subject, plan: Plan, tried: Mapping[str, object], notes: Observations) -> str:
    """Run the look; return how it ended, "" where that was as it should."""
    examples = subject.spec.examples if subject.spec else ()
    what = {
        **tried,
        "examples": [
            {"function": one.function, "args": encode(args), "kwargs": encode(named)}
            for one in examples[:_EXAMPLES]
            for args, named in [arguments(one)]
        ],
    }
    return run_forks(subject, plan, "harness.observe:observe", notes, what)


def _share(wanted: Sequence[Mapping[str, object]], notes: Observations) -> None:
    """Take what was met at one lookup in a table for met at all of them: what it has for that key has been seen.

    Two tables with the same keys have two names, and whether something is in a table shows nothing of what it has.
    """
    lookups: dict[object, list[int]] = {}
    for item in wanted:
        if table := item.get("table"):
            lookups.setdefault((table, item.get("kind")), []).append(whole(item.get("index")))
    for places in lookups.values():
        met = frozenset[int]().union(*(notes.seen.get(place, frozenset()) for place in places))
        notes.seen |= dict.fromkeys(places, met)


def _unmet(subject: Subject, item: Mapping[str, object], notes: Observations) -> Iterator[Finding]:
    """What of one condition no passing test and no example met."""
    index, kind = whole(item.get("index")), item.get("kind")
    seen, mild = notes.seen.get(index, frozenset()), set(map(whole, array(item.get("mild"))))
    is_value = OTHER in seen and item.get("role") != "asked"
    if kind == "operand" and is_value and item.get("role") == "last":
        return  # nothing depends on the truth of a value that is given on
    if kind == "self" and not seen:
        return  # of the numbers that the tests have, none tells
    unseen = kind == "operand" and not seen
    mild |= {0, 1} if kind == "operand" and (is_value or _is_plain(item, unseen=unseen)) else set()
    mild |= {1} if kind in _BOUNDING and index not in notes.seen else set()
    unmet = sorted({whole(one) for one in array(item.get("needs"))} - seen)
    if kind in _ROWS and len(unmet) > 1:
        mild.update(unmet)
    for need in [one for one in unmet if one not in mild][: 1 if unseen else None]:
        yield _told(subject, item, _said(item, need, unseen=unseen), f"{index}:{need}")
    if only := [one for one in unmet if one in mild][: 1 if unseen else None]:
        yield _told(subject, item, _never(item, only, unseen=unseen), f"{index}:{only[0]}", advisory=True)


def _told(subject: Subject, item: Mapping[str, object], message: str, key: str, *, advisory: bool = False) -> Finding:
    return finding(
        "mutation.operand" if item.get("kind") == "operand" else "mutation.special",
        message,
        path=subject.entry,
        line=whole(item.get("line")),
        hint=_hint(item),
        key=key,
        advisory=advisory,
    )


def _hint(item: Mapping[str, object]) -> str:
    most = (*map(text, array(item.get("members"))), "")[0]
    match item.get("kind"):
        case "result" | "self":
            return "add a test in which it is another, or remove it"
        case "cut":
            return f"add a test with more than {most}, or take the bound away"
        case "full" | "ring":
            return f"add a test with {most} or more, or take the bound away"
        case "same" | "dropped" | "twice" | "neighbours":
            return "add a test in which it does, or remove it"
        case _:
            return "add a test in which it comes out the other way, or remove it"


def _never(item: Mapping[str, object], only: Sequence[int], *, unseen: bool) -> str:
    """What a person should know of a large table: what in it no test has met."""
    if item.get("kind") != "member" or len(only) == 1:
        return _said(item, only[0], unseen=unseen)
    members = [text(member) for member in array(item.get("members"))]
    return f"never met by any test of what {text(item.get('text'))} may be: {', '.join(members[one] for one in only)}"


def _is_plain(item: Mapping[str, object], *, unseen: bool) -> bool:
    """`name or "nobody"` gives a value and asks nothing, and a value that nothing works out hides nothing."""
    unused = unseen and item.get("role") != "asked" and item.get("works") is False
    shown = text(item.get("text"))
    return unused or bool(_OF_A_KIND.fullmatch(shown)) or (shown.isidentifier() and item.get("role") != "asked")


def _said(item: Mapping[str, object], need: int, *, unseen: bool) -> str:
    shown, members = text(item.get("text")), [text(member) for member in array(item.get("members"))]
    match item.get("kind"):
        case "member":
            return f"no test meets the special case {members[need]}, one of few that {shown} may be"
        case "place":
            return f"no test takes the entry at place {need} of {shown}"
        case "beginning" | "end" as kind:
            return f"no test meets the {kind} {members[need]} that {shown} may have"
        case "sign":
            return f"in no test {members[need]} is in {shown}"
        case "needle":
            return f"in no test {members[0]} is there: {shown}"
        case "pattern":
            part = f"alternative {need + 1} (or word that it forbids, counted behind them)"
            return f"in no test {part} decides in the pattern {shown}"
        case "side":
            return f"no test takes {'the value that is worked out' if not need else 'the limit'} of {shown}"
        case "cut":
            return f"in no test {shown} cuts anything off"
        case "full":
            return f"no test has as many as {members[0]} for {shown}"
        case "ring":
            return f"in no test {shown} is full"
        case "same":
            return f"in no test {shown} changes anything"
        case "self":
            return f"in every test {shown}"
        case "dropped":
            return f"in no test {shown} leaves anything out"
        case "twice":
            return f"no test has anything twice for {shown}"
        case "neighbours":
            return f"no test has the same twice in a row for {shown}"
        case "given":
            return f"no test gives {shown} anything but its default"
        case "result":
            return f"in every test {shown} is the same"
        case "rounded":
            return f"in no test {shown} loses a digit"
        case "half":
            return f"no test meets a half behind an even digit, which shows how {shown} rounds"
        case "special" | "way":
            return f"no test meets the special case {shown}"
        case _ if unseen:
            return f"no test gets as far as {shown}"
        case _:
            return f"in every test {shown} comes out {'false' if need else 'true'}"


def _unlooked(subject: Subject, name: str) -> Finding:
    return finding(
        "mutation.result",
        f"no test notices when {name} gives back something else of the same kind and length",
        path=subject.entry,
        hint="compare a result with an expected value",
        key=name,
    )
