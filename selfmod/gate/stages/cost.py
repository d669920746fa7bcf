"""Stage cost: what importing and calling the plugin takes, and how that grows with the size of what it is given.

Measured outside, around calls of a production worker: what the processor worked, and what the plugin waited for. The
wait for a core is left out, so that the verdict is the same on a machine that has other things to do. Everything here
is generous: it is about calls that never come back, not about speed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sandbox.outcome import Completed, describe
from sandbox.outside.rehearsed import Rehearsed
from sandbox.program import Job
from sandbox.session import Session
from selfmod.candidate import Candidate
from selfmod.gate.base import Figure, Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence, array, mapping, text, whole
from selfmod.gate.extremes import extremes
from selfmod.gate.growth import Grown, Probe, probes, sizes_of, ways
from selfmod.gate.production import Call, doubles_of, production, repeatable
from selfmod.gate.returns import Answered, by_nature
from selfmod.gate.subject import Subject
from selfmod.gate.suite import limits_for
from selfmod.gate.timing import LEAST_S, Made, Timer, own_seconds

_CALLS = 40  # recorded calls that are timed
_STEPS = 5_000_000  # lines of an import: half a second of a slow machine; what is in order runs some thousands
_BRIEF_S = 0.01  # no machine runs a tenth of that many lines in it
_GROWN = 2.0  # times the ceiling of a call: what one with a large argument may take
_STEEP = 9.9  # what already does not come back for the smallest size
_SLOWER, _SLACK_S = 3.0, 0.1  # against the approved version: so many times, and so much, before it is worth a word
_AGAIN = 2  # times that both versions are measured again before one is called slower


class Cost:
    """Import, calls, growth, regular expressions, memory; each against its ceiling, or against the approved version."""

    name = "cost"

    def run(self, subject: Subject) -> StageResult:
        """Measure; every finding can be waived."""
        if subject.run is None or not subject.run.passed:  # then the tests refused, and nothing shows how to call it
            return StageResult(name=self.name, verdict="not-run")
        figures: dict[str, Figure] = {}
        calls = list(repeatable(subject.run.calls))[:_CALLS]
        findings, outside = list(_patterns(subject)), Rehearsed(doubles_of(subject.manifest))
        with production(subject, outside) as session:
            timer = Timer(session, outside, subject.thresholds.stage_s, subject.ends_at)
            findings += [*_import(subject, session, figures), *_calls(subject, timer, calls, figures)]
            findings += _growth(subject, timer, calls, figures)
            findings += _memory(subject, timer.spent().peak_mb, figures)
            findings += extremes(session, timer, probes(calls))
        if timer.over:
            findings.append(_unmeasured())
        elif subject.previous is not None:
            findings += _against(subject, calls, figures)
        return result(self.name, findings, figures=figures)


def _unmeasured() -> Finding:
    """What is not measured is not let through: slow calls must not hide what would be found after them."""
    return finding(
        "cost.unmeasured",
        "the calls of the tests, and those with larger arguments, take so long together that not all could be measured",
        hint="let the tests call with smaller arguments; on a machine with other things to do, judge it again later",
    )


def _import(subject: Subject, session: Session, figures: dict[str, Figure]) -> Iterator[Finding]:
    """In seconds, for what waits or works outside of Python; and in steps, which no quick machine makes fewer."""
    usage, limit_s = session.loaded.usage, subject.thresholds.import_s
    figures["import_s"] = round(own_seconds(usage), 4)
    told = f"takes {own_seconds(usage):.1f} s" if own_seconds(usage) > limit_s else ""
    if usage.wall_s > _BRIEF_S and not told:
        told = _steps(subject)
    if told:
        yield finding("cost.import", f"importing it {told}", hint="compute when a handler is called")


def _steps(subject: Subject) -> str:
    """What is too much of the lines that importing it runs, "" where they are few."""
    job = Job(
        function="selfmod.gate.harness.cost:import_steps",
        argument={"entry": subject.entry, "most": _STEPS},
        files={path: data for path, data in subject.candidate.files.items() if not path.startswith("tests/")},
    )
    outcome = subject.sandbox.run(job, limits=limits_for(subject), kind="tests", seed=0)
    if not isinstance(outcome, Completed):
        return f"cannot be counted in lines: {describe(outcome)}"
    few = type(outcome.value) is int and 0 <= outcome.value < _STEPS
    return "" if few else f"runs {_STEPS:,} lines or more"


def _calls(subject: Subject, timer: Timer, calls: Sequence[Call], figures: dict[str, Figure]) -> Iterator[Finding]:
    slowest, name = 0.0, ""
    for call in calls:
        if not timer.over:
            seconds = timer.seconds(_made(call), subject.thresholds.call_s)
            if seconds > slowest:
                slowest, name = seconds, call.recorded.function
    figures["call_s"] = round(min(slowest, 2 * subject.thresholds.call_s), 4)
    if slowest > subject.thresholds.call_s:
        yield finding(
            "cost.call", f"a call of {name} from the tests takes {_told(slowest, subject.thresholds.call_s)}", key=name
        )


def _made(call: Call) -> Made:
    return Made(function=call.recorded.function, args=call.args, named=call.named, exchanges=call.exchanges)


def _told(seconds: float, limit_s: float) -> str:
    return f"more than {limit_s:g} s, or more memory than it has," if seconds == math.inf else f"{seconds:.1f} s"


# ---- growth --------------------------------------------------------------------------------------------------------


def _growth(subject: Subject, timer: Timer, calls: Sequence[Call], figures: dict[str, Figure]) -> Iterator[Finding]:
    worst, steep, limit_s = 0.0, subject.thresholds.growth, _GROWN * subject.thresholds.call_s
    for probe in probes(calls):
        natural: Answered | None = None
        for grown in ways(probe.value):
            before = timer.spent()
            slow = _grow(timer, probe, grown, limit_s)
            if slow is None:
                continue
            if slow.exponent > steep and (last := by_nature(timer, probe, grown, slow.sizes, limit_s)):
                natural = last
                timer.forget(before)  # other ways to grow it are tried as if this had not been
                continue
            worst = max(worst, slow.exponent)
            if slow.exponent > steep:
                yield _grown(probe, slow, limit_s)
            break
        if natural is not None:
            yield _natural(probe, natural)
    figures["growth"] = round(worst, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slow:
    """An argument that takes too long: between which sizes that begins, and how steeply."""

    sizes: tuple[int, int]
    seconds: float
    exponent: float


def _grow(timer: Timer, probe: Probe, grown: Grown, limit_s: float) -> _Slow | None:
    """Make an argument larger until that takes too long, None where it never does."""
    points: list[tuple[int, float]] = []
    for size in sizes_of(probe.value):
        if timer.over:
            return None
        args, named = probe.grown(grown(size))
        call = Made(function=probe.function, args=args, named=named, exchanges=probe.exchanges)
        seconds = timer.seconds(call, limit_s)
        points.append((size, max(min(seconds, 2 * limit_s), LEAST_S)))
        if seconds > limit_s:
            quick = points[-2][0] if len(points) > 1 else 1
            return _Slow(sizes=(quick, size), seconds=seconds, exponent=_exponent(points))
    return None


def _grown(probe: Probe, slow: _Slow, limit_s: float) -> Finding:
    return finding(
        "cost.growth",
        f"{probe.function} takes {_told(slow.seconds, limit_s)} when argument {probe.shown} has a size of "
        f"{slow.sizes[1]}; the time grows at least as size^{slow.exponent:.1f}",
        hint="go over the input once, look things up in a dict or set, or keep what was worked out",
        key=f"{probe.function}:{probe.place}",
    )


def _natural(probe: Probe, last: Answered) -> Finding:
    """Nobody can be given more with less work; whether anybody needs so much is for a person to say."""
    return finding(
        "cost.answer",
        f"what {probe.function} gives back grows as fast as its work: with a size of {last.size} of argument "
        f"{probe.shown} {last.length:,} characters, and soon more than fit",
        hint="refuse sizes that nobody needs with a ValueError",
        key=f"{probe.function}:{probe.place}",
        advisory=True,
    )


def _exponent(points: Sequence[tuple[int, float]]) -> float:
    """The steepest of the last two steps: the very last one was cut short, so it may look flatter than it is."""
    steps = list(itertools.pairwise(points))[-2:]
    slopes = [math.log(after / before) / math.log(size / smaller) for (smaller, before), (size, after) in steps]
    return max(slopes, default=_STEEP)


# ---- regular expressions, memory, the approved version -----------------------------------------------------------


def _patterns(subject: Subject) -> Iterator[Finding]:
    if subject.plan is not None and not subject.plan.patterns:
        return
    job = Job(
        function="selfmod.gate.harness.cost:exploding_patterns",
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


def _memory(subject: Subject, peak_mb: float, figures: dict[str, Figure]) -> Iterator[Finding]:
    figures["peak_memory_mb"] = round(peak_mb, 1)
    if peak_mb > subject.thresholds.memory_mb:
        yield finding(
            "cost.memory", f"its calls use {peak_mb:.0f} MB; {subject.thresholds.memory_mb} MB is the ceiling"
        )


def _against(subject: Subject, calls: Sequence[Call], figures: dict[str, Figure]) -> list[Finding]:
    assert subject.previous is not None
    files = {**subject.previous.files}
    if subject.entry not in files:
        return []
    approved = replace(subject, candidate=Candidate(files=files))
    before, now = _total(approved, calls), _total(subject, calls)
    for _ in range(_AGAIN):
        if _slower(before, now):
            before, now = max(before, _total(approved, calls)), min(now, _total(subject, calls))
    figures["calls_s"], figures["calls_before_s"] = round(now, 4), round(before, 4)
    if _slower(before, now):
        message = f"the calls of the tests take {now:.2f} s; the approved version takes {before:.2f} s for them"
        return [finding("cost.slower", message)]
    return []


def _slower(before: float, now: float) -> bool:
    return now > _SLOWER * before + _SLACK_S


def _total(subject: Subject, calls: Sequence[Call]) -> float:
    total, limit_s, outside = 0.0, subject.thresholds.call_s, Rehearsed(doubles_of(subject.manifest))
    with production(subject, outside) as session:
        timer = Timer(session, outside, subject.thresholds.stage_s, subject.ends_at)
        for call in calls:
            if not timer.over:
                total += min(timer.seconds(_made(call), limit_s), 2 * limit_s)
    return total
