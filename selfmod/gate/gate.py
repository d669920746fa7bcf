"""The gate: the ordered stages a candidate must pass, and the report of what they found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.errors import SandboxUnavailable
from selfmod.candidate import Candidate
from selfmod.gate.base import Finding, Stage, StageResult, finding, result, retired_test
from selfmod.gate.report import GateReport, Reach, libraries
from selfmod.gate.subject import Installed, Subject, Waiver
from selfmod.gate.thresholds import GATE_VERSION, Thresholds
from selfmod.gate.workers import fork_servers
from selfmod.spec import Example, Spec

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

_LOG = logging.getLogger(__name__)

# The cheap ones that all run, whatever each of them says; nothing else runs unless all of these pass.
FIRST = ("layout", "text", "manifest", "policy", "capabilities")
# They judge what the tests left behind, so they need tests that pass.
AFTER_TESTS = ("coverage", "determinism", "mutation", "oracle")
# The rule of a stage that the time of the whole gate did not reach or did not last for.
TIME = "gate.time"


class Gate:
    """Judges candidates. `secret` seeds what a candidate must not be able to foresee (mutants, samples, orders)."""

    def __init__(
        self, sandbox: Sandbox, thresholds: Thresholds, secret: bytes, stages: tuple[Stage, ...] | None = None
    ) -> None:
        self.sandbox, self.thresholds, self.secret = sandbox, thresholds, secret
        self.stages = all_stages() if stages is None else stages
        self._whole = stages is None

    def warm(self) -> None:
        """Start what a judgement needs, side by side, so that its stages do not wait for one after another."""
        if self._whole:
            self.sandbox.warm(fork_servers(self.secret))

    def prepare(self) -> None:
        """Raise `SandboxUnavailable` where nothing could be judged here; start what a judgement needs where it can."""
        self.sandbox.require("process")
        self.warm()

    def judge(
        self,
        candidate: Candidate,
        *,
        spec: Spec | None = None,
        previous: Candidate | None = None,
        installed: Installed | None = None,
        candidates_tried: int = 1,
        waivers: tuple[Waiver, ...] = (),
        blind: tuple[Example, ...] = (),
        on_stage: Callable[[StageResult], None] | None = None,
    ) -> GateReport:
        """Run the stages on `candidate` and report. Nothing a candidate holds raises; only `SandboxUnavailable` does,
        and that only where no earlier stage has refused already.
        """
        self.warm()
        started = time.monotonic()
        accepted = frozenset(item.finding for item in waivers if item.digest == candidate.digest)
        subject = Subject(
            candidate=candidate,
            sandbox=self.sandbox,
            thresholds=self.thresholds,
            secret=self.secret,
            spec=spec,
            previous=previous,
            installed=installed or Installed(),
            candidates_tried=candidates_tried,
            blind=blind,
            retired=tuple(name for name in map(retired_test, accepted) if name),
            ends_at=started + self.thresholds.gate_s,
        )
        stages = []
        for stage_result in self._results(subject, accepted):
            stages.append(stage_result)
            if on_stage is not None:
                on_stage(stage_result)
        return self._report(subject, tuple(stages), time.monotonic() - started)

    def _results(self, subject: Subject, accepted: frozenset[str]) -> Iterator[StageResult]:
        ended = False  # without the sandbox, or without time, nothing else can be judged
        for stage in self.stages:
            if ended or _needs_of(stage.name) & subject.refused:
                yield StageResult(name=stage.name, verdict="not-run")
                continue
            begun = time.monotonic()
            try:
                judged = self._judged(stage, subject)
            except SandboxUnavailable:
                if not subject.refused:
                    raise
                ended = True
                yield StageResult(name=stage.name, verdict="not-run")
                continue
            judged = replace(_waived(judged, accepted), seconds=round(time.monotonic() - begun, 6))
            if judged.verdict != "pass":
                subject.refused.add(stage.name)
            ended = any(item.rule == TIME for item in judged.findings)
            yield judged

    def _judged(self, stage: Stage, subject: Subject) -> StageResult:
        if time.monotonic() > subject.ends_at:
            return result(stage.name, [self._late("no time was left for this stage", stage)])
        try:
            judged = stage.run(subject)
            if time.monotonic() <= subject.ends_at:
                return judged
            # What it says came of workers that were stopped half-way: it must not pass.
            late = self._late("the time was over before this stage was done", stage)
            return replace(judged, verdict="refuse", findings=(*judged.findings, late))
        except SandboxUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - our mistake, met on somebody's candidate: logged, and it refuses
            _LOG.exception("the stage %s failed", stage.name)
            message = f"the stage itself failed ({type(error).__name__}); that is an error of Ratchet, please report it"
            return result(stage.name, [finding("gate.error", message, key=stage.name)])

    def _late(self, what: str, stage: Stage) -> Finding:
        message = f"{what}: the whole gate has {self.thresholds.gate_s:g} s"
        hint = "make the plugin and its tests faster; on a machine with other things to do, judge it again later"
        return finding(TIME, message, key=stage.name, hint=hint)

    def _report(self, subject: Subject, stages: tuple[StageResult, ...], seconds: float) -> GateReport:
        manifest = subject.manifest
        reach = _reach(subject)
        passed = bool(stages) and all(stage.verdict == "pass" for stage in stages)
        return GateReport(
            digest=subject.candidate.digest,
            gate_version=GATE_VERSION,
            thresholds=self.thresholds,
            stages=stages,
            verdict="pass" if passed else "refuse",
            acknowledge=(*(() if subject.oracles else ("no-oracle",)), *reach.new),
            reach=reach,
            plugin=manifest.id if manifest else "",
            version=manifest.version if manifest else "",
            candidates_tried=subject.candidates_tried,
            seconds=round(seconds, 6),
            libraries=libraries(),
            seeds=dict(subject.seeds),
        )


def all_stages() -> tuple[Stage, ...]:
    """Return the stages in the order of the design's table."""
    from selfmod.gate.stages.capabilities import Capabilities
    from selfmod.gate.stages.compatibility import Compatibility
    from selfmod.gate.stages.cost import Cost
    from selfmod.gate.stages.coverage import Coverage
    from selfmod.gate.stages.determinism import Determinism
    from selfmod.gate.stages.docs import Docs
    from selfmod.gate.stages.layout import Layout
    from selfmod.gate.stages.manifest import ManifestStage
    from selfmod.gate.stages.mutation import Mutation
    from selfmod.gate.stages.oracle import Oracle
    from selfmod.gate.stages.policy import Policy
    from selfmod.gate.stages.tests import Tests
    from selfmod.gate.stages.text import Text

    return (
        *(Layout(), Text(), ManifestStage(), Policy(), Capabilities()),
        *(Tests(), Coverage(), Determinism(), Mutation(), Oracle()),
        *(Compatibility(), Cost(), Docs()),
    )


def _reach(subject: Subject) -> Reach:
    """The reach that was found, with what the tests were seen to ask for."""
    from selfmod.gate.stages.capabilities import observed_names

    reach = subject.reach or Reach()
    return replace(reach, observed=observed_names(subject.run.asks)) if subject.run else reach


def _needs_of(name: str) -> frozenset[str]:
    if name in FIRST:
        return frozenset()
    return frozenset(FIRST) | ({"tests"} if name in AFTER_TESTS else set())


def _waived(judged: StageResult, accepted: frozenset[str]) -> StageResult:
    """Mark the findings a person accepted; a stage passes when nothing else is left."""
    if not accepted:
        return judged
    findings = tuple(_accepted(item) if item.waivable and item.id in accepted else item for item in judged.findings)
    if judged.verdict != "refuse" or any(not item.advisory and not item.waived for item in findings):
        return replace(judged, findings=findings)
    return replace(judged, findings=findings, verdict="pass")


def _accepted(item: Finding) -> Finding:
    return replace(item, waived=True)
