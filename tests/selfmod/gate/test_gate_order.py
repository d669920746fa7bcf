"""The order of the stages, what follows a refusal, waivers, time, and stages that fail themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from sandbox.errors import SandboxUnavailable
from selfmod.candidate import Candidate
from selfmod.gate.base import StageResult, finding, result
from selfmod.gate.gate import Gate, all_stages
from selfmod.gate.subject import Subject, Waiver
from selfmod.gate.thresholds import Thresholds

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

NAMES = (
    *("layout", "text", "manifest", "policy", "capabilities", "tests", "coverage", "determinism", "mutation", "oracle"),
    *("compatibility", "cost", "docs"),
)
CANDIDATE = Candidate(files={"plugin.py": b""})


@dataclass
class Scripted:
    """A stage that does as it is told, and writes down that it ran."""

    name: str
    ran: list[str]
    act: Callable[[], StageResult | None] = field(default=lambda: None)

    def run(self, subject: Subject) -> StageResult:
        self.ran.append(self.name)
        return self.act() or result(self.name)


def refuse(name: str) -> Callable[[], StageResult]:
    return lambda: result(name, [finding(f"{name}.bad", "no", path="plugin.py", line=3)])


def raising(error: Exception) -> Callable[[], StageResult]:
    def act() -> StageResult:
        raise error

    return act


def gate(acts: dict[str, Callable[[], StageResult]], thresholds: Thresholds | None = None) -> tuple[Gate, list[str]]:
    ran: list[str] = []
    stages = tuple(Scripted(name, ran, acts.get(name, lambda: None)) for name in NAMES)
    nothing = cast("Sandbox", None)  # none of these stages asks it anything
    return Gate(nothing, thresholds or Thresholds(), b"secret", stages), ran


def test_the_stages_are_those_of_the_design_in_their_order() -> None:
    assert tuple(stage.name for stage in all_stages()) == NAMES


def test_all_run_and_pass() -> None:
    judge, ran = gate({})
    seen: list[str] = []
    report = judge.judge(CANDIDATE, on_stage=lambda stage: seen.append(stage.name))
    assert report.verdict == "pass"
    assert tuple(ran) == NAMES == tuple(seen)


@pytest.mark.parametrize("name", NAMES)
def test_each_stage_alone_refuses_the_candidate(name: str) -> None:
    judge, ran = gate({name: refuse(name)})
    report = judge.judge(CANDIDATE)
    assert report.verdict == "refuse"
    first, after_tests = NAMES[:5], NAMES[6:10]
    skipped = set(NAMES[5:]) if name in first else set(after_tests) if name == "tests" else set[str]()
    assert set(ran) == set(NAMES) - skipped
    assert {stage.name for stage in report.stages if stage.verdict == "not-run"} == skipped
    assert tuple(stage.name for stage in report.stages) == NAMES


def test_an_empty_gate_passes_nothing() -> None:
    assert Gate(cast("Sandbox", None), Thresholds(), b"", ()).judge(CANDIDATE).verdict == "refuse"


def test_a_stage_that_fails_itself_refuses_and_is_not_waivable() -> None:
    judge, _ = gate({"coverage": raising(ZeroDivisionError("x"))})
    report = judge.judge(CANDIDATE)
    assert report.verdict == "refuse"
    assert [(item.rule, item.waivable) for item in report.findings] == [("gate.error", False)]


def test_an_unavailable_sandbox_is_an_error_unless_something_refused_already() -> None:
    unavailable = SandboxUnavailable("process", "user namespace", "Enable it.")
    judge, _ = gate({"manifest": raising(unavailable)})
    with pytest.raises(SandboxUnavailable):
        judge.judge(CANDIDATE)
    judge, ran = gate({"layout": refuse("layout"), "manifest": raising(unavailable)})
    report = judge.judge(CANDIDATE)
    assert report.verdict == "refuse"
    assert ran == ["layout", "text", "manifest"]
    assert [stage.verdict for stage in report.stages] == ["refuse", "pass"] + ["not-run"] * 11


def test_no_time_left_refuses() -> None:
    judge, ran = gate({}, Thresholds(gate_s=0.0))
    report = judge.judge(CANDIDATE)
    assert ran == []
    assert report.verdict == "refuse"
    assert [(item.rule, item.waivable) for item in report.findings] == [("gate.time", False)]
    assert [stage.verdict for stage in report.stages] == ["refuse"] + ["not-run"] * 12


@pytest.mark.parametrize("name", ["layout", "tests", "cost", "docs"])
def test_a_stage_that_outlasts_the_time_refuses_whatever_it_says(name: str) -> None:
    def spend() -> StageResult:
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            pass
        return result(name, figures={"measured": 1})

    judge, ran = gate({name: spend}, Thresholds(gate_s=0.1))
    report = judge.judge(CANDIDATE)
    late = report.stage(name)
    assert late is not None
    assert (late.verdict, late.figures, ran[-1]) == ("refuse", {"measured": 1}, name)
    assert [(item.rule, item.waivable) for item in report.findings] == [("gate.time", False)]
    verdicts = ["pass"] * NAMES.index(name) + ["refuse"]
    assert [stage.verdict for stage in report.stages] == verdicts + ["not-run"] * (len(NAMES) - len(verdicts))


def test_a_worker_has_no_more_time_than_the_whole_gate_has_left() -> None:
    def left(ends_in: float) -> float:
        return Subject(
            candidate=CANDIDATE,
            sandbox=cast("Sandbox", None),
            thresholds=Thresholds(stage_s=20.0),
            secret=b"s",
            ends_at=time.monotonic() + ends_in,
        ).stage_s

    assert left(60.0) == 20.0
    assert 4.0 < left(5.0) <= 5.0
    assert 0.0 < left(-5.0) < 1.0


@pytest.mark.parametrize("name", ["coverage", "mutation", "determinism", "cost", "docs"])
def test_a_waiver_lets_one_finding_of_these_stages_pass(name: str) -> None:
    judge, _ = gate({name: refuse(name)})
    waiver = Waiver(finding=f"{name}.bad:plugin.py:3", reason="known", digest=CANDIDATE.digest)
    report = judge.judge(CANDIDATE, waivers=(waiver,))
    assert report.verdict == "pass"
    assert [item.waived for item in report.findings] == [True]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"coverage", "mutation", "determinism", "cost", "docs"}))
def test_findings_of_the_other_stages_cannot_be_waived(name: str) -> None:
    judge, _ = gate({name: refuse(name)})
    waiver = Waiver(finding=f"{name}.bad:plugin.py:3", reason="known", digest=CANDIDATE.digest)
    assert judge.judge(CANDIDATE, waivers=(waiver,)).verdict == "refuse"


def test_a_waiver_is_bound_to_the_digest_and_to_one_finding() -> None:
    def two() -> StageResult:
        return result("docs", [finding("docs.bad", "a", path="plugin.py"), finding("docs.bad", "b", path="plugin.py")])

    judge, _ = gate({"docs": two})
    identifiers = [item.id for item in judge.judge(CANDIDATE).findings]
    assert identifiers == ["docs.bad:plugin.py", "docs.bad:plugin.py#2"]
    one = Waiver(finding=identifiers[0], reason="x", digest=CANDIDATE.digest)
    other = Waiver(finding=identifiers[1], reason="x", digest="sha256:" + "0" * 64)
    assert judge.judge(CANDIDATE, waivers=(one, other)).verdict == "refuse"
    both = Waiver(finding=identifiers[1], reason="x", digest=CANDIDATE.digest)
    assert judge.judge(CANDIDATE, waivers=(one, both)).verdict == "pass"


def test_an_advisory_finding_does_not_refuse() -> None:
    judge, _ = gate({"policy": lambda: result("policy", [finding("policy.bandit", "x", advisory=True)])})
    assert judge.judge(CANDIDATE).verdict == "pass"


def test_no_oracle_is_to_be_acknowledged() -> None:
    judge, _ = gate({})
    assert judge.judge(CANDIDATE).acknowledge == ("no-oracle",)


def test_seeds_depend_on_the_secret_the_digest_and_the_purpose() -> None:
    def seed(secret: bytes, data: bytes, purpose: str) -> int:
        subject = Subject(
            candidate=Candidate(files={"plugin.py": data}),
            sandbox=cast("Sandbox", None),
            thresholds=Thresholds(),
            secret=secret,
        )
        found = subject.seed(purpose)
        assert subject.seeds == {purpose: found}
        return found

    base = seed(b"s", b"x", "mutation")
    assert base == seed(b"s", b"x", "mutation")
    assert len({base, seed(b"t", b"x", "mutation"), seed(b"s", b"y", "mutation"), seed(b"s", b"x", "order")}) == 4
