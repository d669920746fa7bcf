"""`gate bench`: how often the gate errs, measured on candidates whose right verdict is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from selfmod.candidate import Candidate
from selfmod.gate.corpus import Case, read_corpus
from selfmod.gate.gate import Gate
from selfmod.gate.report import GateReport
from selfmod.gate.thresholds import GATE_VERSION, Thresholds

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

CORPUS = Path(__file__).resolve().parents[2] / "benchmarks" / "corpus"
_Z = 1.959963984540054  # of a 95 % interval
_TRIED = (1, 3, 10, 30)
_REFUSED_MOST = 0.03
_NOTHING = "nothing"  # what a plugin without capabilities reaches for


class NoCorpus(FileNotFoundError):
    """The corpus is not here; it is part of a checkout of Ratchet, not of an installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`hits` of `of`, with the 95 % interval after Wilson, which is honest for small numbers and for none."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 where there is nothing to count."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The lower and upper bound."""
        if not self.of:
            return 0.0, 1.0
        n, p, z2 = self.of, self.value, _Z * _Z
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        low, high = max(0.0, centre - half), min(1.0, centre + half)
        return (0.0 if self.hits == 0 else low), (1.0 if self.hits == self.of else high)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as the report holds them."""
        low, high = self.interval
        return {"hits": self.hits, "of": self.of, "rate": self.value, "low": low, "high": high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One judgement of one case; `attempt` counts its variants from 0."""

    name: str
    kind: Literal["good", "bad"]
    category: str
    attempt: int
    accepted: bool
    refused_by: tuple[str, ...]
    rules: tuple[str, ...]
    seconds: float
    reaches: tuple[str, ...] = ()  # kinds of capabilities that it was asked for with

    @property
    def wrong(self) -> bool:
        """Whether the verdict is not the known one."""
        return self.accepted is (self.kind == "bad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Every judgement of a run, and the figures over them."""

    tried: tuple[Tried, ...]

    def catch(self, category: str = "") -> Rate:
        """How many known-bad ones are refused, each counted once, at its first attempt."""
        bad = [
            item for item in self.tried if item.kind == "bad" and not item.attempt and category in ("", item.category)
        ]
        return Rate(hits=sum(not item.accepted for item in bad), of=len(bad))

    @property
    def false_refusals(self) -> Rate:
        """How many known-good ones are refused."""
        return Rate(hits=sum(not item.accepted for item in self._good), of=len(self._good))

    @property
    def _good(self) -> tuple[Tried, ...]:
        return tuple(item for item in self.tried if item.kind == "good" and not item.attempt)

    def _refusals(self) -> dict[str, dict[str, Any]]:
        """The refused good ones by stage and by rule (one may be refused by several), and by what they reach for."""
        good, refused = self._good, [item for item in self._good if not item.accepted]
        stages = Counter(stage for item in refused for stage in item.refused_by)
        rules = Counter(rule for item in refused for rule in item.rules)
        reaches = Counter(kind for item in good for kind in item.reaches or (_NOTHING,))
        hits = Counter(kind for item in refused for kind in item.reaches or (_NOTHING,))
        return {
            "stages": {name: Rate(hits=count, of=len(good)).to_json() for name, count in sorted(stages.items())},
            "rules": {name: Rate(hits=count, of=len(good)).to_json() for name, count in sorted(rules.items())},
            "reaches": {name: Rate(hits=hits[name], of=count).to_json() for name, count in sorted(reaches.items())},
        }

    @property
    def wrong(self) -> tuple[Tried, ...]:
        """Every judgement that is not the known one."""
        return tuple(item for item in self.tried if item.wrong)

    def accepted_after(self, attempts: int) -> Rate:
        """How many known-bad ones got through at least once in that many variants, as far as variants were tried."""
        bad: dict[str, list[bool]] = {}
        for item in self.tried:
            if item.kind == "bad" and item.attempt < attempts:
                bad.setdefault(item.name, []).append(item.accepted)
        whole = [accepted for accepted in bad.values() if len(accepted) >= attempts]
        return Rate(hits=sum(map(any, whole)), of=len(whole))

    @property
    def ok(self) -> bool:
        """Whether the gate keeps what it promises here: nothing bad accepted, at most 3 % of the good refused."""
        accepted = any(item.kind == "bad" and item.accepted for item in self.tried)
        return not accepted and self.false_refusals.value <= _REFUSED_MOST

    def to_json(self) -> dict[str, Any]:
        """Return the figures by category, what was judged wrongly, and the times."""
        categories = sorted({item.category for item in self.tried if item.kind == "bad"})
        low, high = self.catch().interval
        miss = 1 - self.catch().value
        times = sorted(item.seconds for item in self.tried if item.kind == "good")
        return {
            "gate_version": GATE_VERSION,
            "ok": self.ok,
            "caught": self.catch().to_json()
            | {"categories": {name: self.catch(name).to_json() for name in categories}},
            "false_refusals": self.false_refusals.to_json() | self._refusals(),
            # An author who sends N different bad candidates, each accepted with the measured rate and its upper bound.
            "false_acceptance_after": {
                str(n): {"rate": 1 - (1 - miss) ** n, "high": 1 - low**n, "low": 1 - high**n} for n in _TRIED
            },
            "accepted_of_variants": {
                str(n): rate.to_json() for n in range(2, 1 + self._variants()) if (rate := self.accepted_after(n)).of
            },
            "wrong": [
                {"name": item.name, "category": item.category, "accepted": item.accepted, "rules": list(item.rules)}
                for item in self.wrong
            ],
            "seconds": {"p50": percentile(times, 50), "p95": percentile(times, 95)},
        }

    def _variants(self) -> int:
        return max((item.attempt for item in self.tried), default=-1) + 1


def percentile(ordered: Sequence[float], share: int) -> float:
    """Return the nearest-rank percentile of values in order; 0 of none."""
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


def run_bench(
    sandbox: Sandbox,
    folder: Path = CORPUS,
    *,
    held_back: bool = False,
    attempts: int = 1,
    on_case: Callable[[Tried], None] | None = None,
) -> Bench:
    """Judge the open part of the corpus, or the held-back part; bad ones in `attempts` variants each."""
    if not folder.is_dir():
        raise NoCorpus(f"there is no corpus at {folder}; it is part of a checkout of Ratchet")
    cases = [case for case in read_corpus(folder) if case.held_back is held_back]
    # Known to everybody, so that a run can be repeated; a real host has a secret of its own.
    gate = Gate(sandbox, Thresholds(), b"gate bench")
    tried = []
    for case, attempt in _attempts(cases, attempts):
        judged = judge(gate, case, attempt)
        tried.append(judged)
        if on_case is not None:
            on_case(judged)
    return Bench(tried=tuple(tried))


def judge(gate: Gate, case: Case, attempt: int = 0) -> Tried:
    """Judge one variant of a case."""
    report = gate.judge(
        variant(case.candidate, attempt), spec=case.spec, previous=case.previous, installed=case.installed
    )
    refusing = [stage for stage in report.stages if stage.verdict == "refuse"]
    return Tried(
        name=case.name,
        kind=case.kind,
        category=case.category,
        attempt=attempt,
        accepted=report.verdict == "pass",
        refused_by=tuple(stage.name for stage in refusing),
        rules=_rules(report),
        seconds=report.seconds,
        reaches=tuple(sorted({name.partition(":")[0] for name in case.spec.allow})),
    )


def variant(candidate: Candidate, attempt: int) -> Candidate:
    """Return the same candidate with another digest: what the digest samples (mutants, orders) is sampled anew."""
    if not attempt or "README.md" not in candidate.files:
        return candidate
    files = {**candidate.files, "README.md": candidate.files["README.md"] + f"\nAttempt {attempt}.\n".encode()}
    return Candidate(files=files, unread=candidate.unread)


def _attempts(cases: Iterable[Case], attempts: int) -> Iterable[tuple[Case, int]]:
    for case in cases:
        yield from ((case, attempt) for attempt in range(attempts if case.kind == "bad" else 1))


def _rules(report: GateReport) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.rule for item in report.findings if not item.advisory and not item.waived))
