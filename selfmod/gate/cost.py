"""Stage cost: what importing and calling the plugin takes, and how that grows with the size of what it is given.

Times are taken outside, around calls of a production worker. Everything here is generous: it is about calls that never
come back, not about speed.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sandbox.outcome import Completed, LimitExceeded, TimedOut, describe
from sandbox.outside.doubles import Doubles
from sandbox.program import Job
from sandbox.session import Session
from sandbox.values import decode
from selfmod.candidate import Candidate
from selfmod.gate.base import Figure, Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence, array, mapping, text, whole
from selfmod.gate.oracle import policy_of, production
from selfmod.gate.subject import RecordedCall, Subject
from selfmod.gate.suite import limits_for

_CALLS = 40  # recorded calls that are timed
_SIZES = (64, 256, 1024, 2048)
_FUNCTIONS = 12
_LEAST_S = 1e-4  # shorter times are mostly those of the call itself
_STEEP = 9.9  # what already does not come back for the smallest size
_SLOWER, _SLACK_S = 3.0, 0.1  # against the approved version: so many times, and so much, before it is worth a word
_JOINERS = ("", " ", ",", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A call whose argument at `place` can be made longer."""

    function: str
    args: Sequence[object]
    named: dict[str, object]
    place: int


class Cost:
    """Import, calls, growth, regular expressions, memory; each against its ceiling, or against the approved version."""

    name = "cost"

    def run(self, subject: Subject) -> StageResult:
        """Measure; every finding can be waived."""
        if subject.run is None or not subject.run.passed:  # then the tests refused, and nothing shows how to call it
            return StageResult(name=self.name, verdict="not-run")
        figures: dict[str, Figure] = {}
        deadline = time.monotonic() + subject.thresholds.stage_s / 2  # what is slow is found by then
        calls = [call for call in subject.run.calls if not call.asked][:_CALLS]
        findings = list(_patterns(subject))
        with production(subject, Doubles(policy_of(subject))) as session:
            findings += [*_import(subject, session, figures), *_calls(subject, session, calls, figures, deadline)]
            findings += [*_growth(subject, session, calls, figures, deadline), *_memory(subject, session, figures)]
        if subject.previous is not None:
            findings += _against(subject, calls, figures, deadline)
        return result(self.name, findings, figures=figures)


def _import(subject: Subject, session: Session, figures: dict[str, Figure]) -> Iterator[Finding]:
    seconds = min(session.loaded.usage.wall_s, subject.run.import_s if subject.run else math.inf)
    figures["import_s"] = round(seconds, 4)
    if seconds > subject.thresholds.import_s:
        yield finding("cost.import", f"importing it takes {seconds:.1f} s", hint="compute when a handler is called")


def _seconds(session: Session, name: str, args: Sequence[object], named: dict[str, object], limit_s: float) -> float:
    """The time of one call, the better of two where it is slow; infinite when it does not come back."""
    best = math.inf
    for _ in range(2):
        outcome = session.call(name, args, named, wall_s=2 * limit_s)
        if isinstance(outcome, TimedOut) or (isinstance(outcome, LimitExceeded) and outcome.limit == "cpu_s"):
            return math.inf
        best = min(best, outcome.usage.wall_s)
        if best < limit_s / 2:
            break
    return best


def _values(call: RecordedCall) -> tuple[list[object], dict[str, object]] | None:
    try:
        args, named = decode(call.args), decode(call.kwargs)
    except ValueError:
        return None
    if isinstance(args, list) and isinstance(named, dict):
        return args, {str(name): value for name, value in named.items()}
    return None


def _calls(
    subject: Subject, session: Session, calls: Sequence[RecordedCall], figures: dict[str, Figure], deadline: float
) -> Iterator[Finding]:
    slowest, name = 0.0, ""
    for call in calls:
        values = _values(call)
        if values is not None and time.monotonic() < deadline:
            seconds = _seconds(session, call.function, *values, subject.thresholds.call_s)
            if seconds > slowest:
                slowest, name = seconds, call.function
    figures["call_s"] = round(min(slowest, 2 * subject.thresholds.call_s), 4)
    if slowest > subject.thresholds.call_s:
        yield finding("cost.call", f"a call of {name} from the tests takes {_told(slowest, subject)}", key=name)


def _told(seconds: float, subject: Subject) -> str:
    limit = 2 * subject.thresholds.call_s
    return f"more than {limit:g} s" if seconds == math.inf else f"{seconds:.1f} s"


# ---- growth --------------------------------------------------------------------------------------------------------


def _growth(
    subject: Subject, session: Session, calls: Sequence[RecordedCall], figures: dict[str, Figure], deadline: float
) -> Iterator[Finding]:
    worst = 0.0
    for probe in _probes(calls):
        if time.monotonic() > deadline:
            break
        exponent, size, seconds = _grow(session, probe, subject.thresholds.call_s)
        if seconds <= subject.thresholds.call_s:
            continue
        worst = max(worst, exponent)
        if exponent > subject.thresholds.growth:
            yield finding(
                "cost.growth",
                f"{probe.function} takes {_told(seconds, subject)} when argument {probe.place + 1} has a size of "
                f"{size}; the time grows at least as size^{exponent:.1f}",
                hint="go over the input once, or look things up in a dict or set",
                key=f"{probe.function}:{probe.place}",
            )
    figures["growth"] = round(worst, 2)


def _probes(calls: Sequence[RecordedCall]) -> list[Probe]:
    """For each function and place, the longest argument that a test gave."""
    found: dict[tuple[str, int], Probe] = {}
    for call in calls:
        values = _values(call)
        if call.outcome != "returned" or values is None:
            continue
        args, named = values
        for place, value in enumerate(args):
            key = (call.function, place)
            if isinstance(value, str | list) and value and len(value) > _length(found.get(key)):
                found[key] = Probe(function=call.function, args=args, named=named, place=place)
    return list(found.values())[:_FUNCTIONS]


def _length(probe: Probe | None) -> int:
    value = probe.args[probe.place] if probe else ()
    return len(value) if isinstance(value, str | list) else 0


def _grow(session: Session, probe: Probe, limit_s: float) -> tuple[float, int, float]:
    """The exponent of growth, the last size, and its time; zeros where every way to grow is quick."""
    for grown in _ways(probe.args[probe.place]):
        points: list[tuple[int, float]] = []
        for size in _SIZES:
            args = [*probe.args[: probe.place], grown(size), *probe.args[probe.place + 1 :]]
            seconds = _seconds(session, probe.function, args, probe.named, limit_s)
            points.append((size, max(min(seconds, 2 * limit_s), _LEAST_S)))
            if seconds > limit_s:
                return _exponent(points), size, seconds
    return 0.0, 0, 0.0


def _exponent(points: Sequence[tuple[int, float]]) -> float:
    """The steepest of the last two steps: the very last one was cut short, so it may look flatter than it is."""
    steps = list(itertools.pairwise(points))[-2:]
    slopes = [math.log(after / before) / math.log(size / smaller) for (smaller, before), (size, after) in steps]
    return max(slopes, default=_STEEP)


def _ways(value: object) -> list[Callable[[int], object]]:
    """How a text or a list can be made of a certain size."""
    if isinstance(value, str):
        return [lambda size, joiner=joiner: _long_text(value, joiner, size) for joiner in _JOINERS]  # type: ignore[misc]
    if isinstance(value, list) and all(type(item) is int for item in value):
        return [lambda size: list(range(size)), lambda size: list(range(size, 0, -1)), lambda size: value[:1] * size]
    if isinstance(value, list):
        return [lambda size: (value * size)[:size]]
    return []


def _long_text(value: str, joiner: str, size: int) -> str:
    return joiner.join([value] * (size // (len(value) + len(joiner)) + 1))[:size]


# ---- regular expressions, memory, the approved version -----------------------------------------------------------


def _patterns(subject: Subject) -> Iterator[Finding]:
    if subject.plan is not None and not subject.plan.patterns:
        return
    job = Job(
        function="selfmod.gate.harness_cost:exploding_patterns",
        argument={"entry": subject.entry},
        files={subject.entry: subject.candidate.files[subject.entry]},
    )
    outcome = subject.sandbox.run(job, limits=limits_for(subject, processes=8), kind="tests", seed=0)
    if not isinstance(outcome, Completed):
        yield finding("cost.pattern", f"its regular expressions cannot be tried: {describe(outcome)}")
        return
    try:
        for note in map(mapping, array(outcome.value)):
            line, pattern, length = whole(note.get("line")), text(note.get("pattern")), whole(note.get("length"))
            yield finding(
                "cost.pattern",
                f"the pattern {pattern!r} takes more than a second on a text of {length} characters",
                path=subject.entry,
                line=line,
                hint="let no repeated part match the same text in two ways",
            )
    except BadEvidence as error:
        yield finding("cost.pattern", f"its regular expressions cannot be tried: {error}")


def _memory(subject: Subject, session: Session, figures: dict[str, Figure]) -> Iterator[Finding]:
    peak = session.usage().peak_memory_mb
    figures["peak_memory_mb"] = round(peak, 1)
    if peak > subject.thresholds.memory_mb:
        yield finding("cost.memory", f"its calls use {peak:.0f} MB; {subject.thresholds.memory_mb} MB is the ceiling")


def _against(
    subject: Subject, calls: Sequence[RecordedCall], figures: dict[str, Figure], deadline: float
) -> list[Finding]:
    assert subject.previous is not None
    files = {**subject.previous.files}
    if subject.entry not in files or time.monotonic() > deadline:
        return []
    before = _total(replace(subject, candidate=Candidate(files=files)), calls)
    now = _total(subject, calls)
    figures["calls_s"], figures["calls_before_s"] = round(now, 4), round(before, 4)
    if now > _SLOWER * before + _SLACK_S:
        message = f"the calls of the tests take {now:.2f} s; the approved version takes {before:.2f} s for them"
        return [finding("cost.slower", message)]
    return []


def _total(subject: Subject, calls: Sequence[RecordedCall]) -> float:
    limit = subject.thresholds.call_s
    with production(subject, Doubles(policy_of(subject))) as session:
        values = [(call.function, pair) for call in calls if (pair := _values(call)) is not None]
        return sum(min(_seconds(session, name, *pair, limit), 2 * limit) for name, pair in values)
