"""How benchmarks measure and report: the best of a few runs, next to what it is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure beside its target."""

    what: str
    ours_s: float
    target: str
    figure: str
    met: bool
    theirs: str = ""


def best(work: Callable[[], object], *, times: int) -> float:
    """The shortest of a few runs in seconds: what the work takes when nothing else disturbs it."""
    return min(timed(work) for _ in range(times))


def timed(work: Callable[[], object]) -> float:
    """One run in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(times: int, *works: Callable[[], float]) -> list[float]:
    """The median of each work; they take turns, so that the machine treats them alike. The first is not counted."""
    for work in works:
        work()
    rounds = [[work() for work in works] for _ in range(times)]
    return [median(column) for column in zip(*rounds, strict=True)]


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | time | beside it | figure | target | met |", "|---|---|---|---|---|---|"]
    for r in rows:
        met = "yes" if r.met else "no"
        ms = r.ours_s * 1e3
        ours = "-" if not ms else f"{ms:.0f} ms" if ms >= 10 else f"{ms:.2g} ms"
        lines.append(f"| {r.what} | {ours} | {r.theirs or '-'} | {r.figure} | {r.target} | {met} |")
    return "\n".join(lines)
