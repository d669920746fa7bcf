"""What only large and repeated calls show: waiting that begins at some size, memory that stays, memory by a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.outcome import LimitExceeded, Outcome, Raised
from sandbox.session import Session
from selfmod.gate.base import Finding, finding
from selfmod.gate.growth import Probe, ways
from selfmod.gate.timing import Made, Timer, waited_s

_LARGE = 20_000  # of a text or list: nothing waits for that
_LARGE_S = 0.5
_WAITED_S = 0.25
_REPEATED, _SIZE, _QUICK_S = 100, 2048, 0.005
_KEPT_MB = 4.0  # by each of two halves of the repeated calls: what is cached once is there after the first
_HUGE, _HUGE_S = 10**9, 0.2
_MB = 1024 * 1024


def extremes(session: Session, timer: Timer, probes: Sequence[Probe]) -> Iterator[Finding]:
    """Try each argument at its extremes, as long as there is time."""
    for probe in probes:
        if timer.over:
            return
        if type(probe.value) is int:
            yield from _huge(timer, probe)
        elif isinstance(probe.value, str | list) and not probe.exchanges:  # an ask is waited for, and answers take room
            yield from _waiting(timer, probe)
            yield from _keeping(session, timer, probe)


def _huge(timer: Timer, probe: Probe) -> Iterator[Finding]:
    outcome = _called(timer, probe, _HUGE, _HUGE_S)
    full = isinstance(outcome, LimitExceeded) and outcome.limit == "memory_mb"
    if full or (isinstance(outcome, Raised) and outcome.kind == "MemoryError"):
        yield finding(
            "cost.number",
            f"{probe.function} needs more memory than it has when argument {probe.shown} is {_HUGE}",
            hint="refuse numbers that are too large with a ValueError",
            key=f"{probe.function}:{probe.place}",
            advisory=True,
        )


def _waiting(timer: Timer, probe: Probe) -> Iterator[Finding]:
    waited = waited_s(_called(timer, probe, next(ways(probe.value))(_LARGE), _LARGE_S).usage)
    if waited > _WAITED_S:
        yield finding(
            "cost.wait",
            f"{probe.function} waits for {waited:.1f} s or more when argument {probe.shown} has a size of {_LARGE}",
            hint="do not wait for a length",
            key=f"{probe.function}:{probe.place}",
        )


def _keeping(session: Session, timer: Timer, probe: Probe) -> Iterator[Finding]:
    """Repeat one call: what stays of it each time fills the memory of a plugin that stays loaded."""
    value = next(ways(probe.value))(_SIZE)
    if _called(timer, probe, value, _LARGE_S).usage.wall_s > _QUICK_S:
        return
    held = [session.activity().now.memory]
    for _ in range(2):
        for _ in range(_REPEATED):
            _called(timer, probe, value, _LARGE_S)
        held.append(session.activity().now.memory)
    first, second = (held[1] - held[0]) / _MB, (held[2] - held[1]) / _MB
    if min(first, second) > _KEPT_MB:
        yield finding(
            "cost.kept",
            f"{2 * _REPEATED} equal calls of {probe.function} leave {first + second:.0f} MB behind",
            hint="keep nothing of a call in the module, or bound it",
            key=f"{probe.function}:{probe.place}",
        )


def _called(timer: Timer, probe: Probe, value: object, wall_s: float) -> Outcome:
    args, named = probe.grown(value)
    return timer.outcome(Made(function=probe.function, args=args, named=named, exchanges=probe.exchanges), wall_s)
