"""What is judged: the inputs of one run of the gate, and the evidence its stages leave for later stages.

Each slot has one stage that fills it and is None before. Evidence that comes from inside a worker (runs, lines, asks)
is what the tested process claimed about itself; verdicts over it are formed here, outside.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from selfmod.candidate import Candidate
from selfmod.gate.thresholds import GATE_VERSION, Thresholds
from selfmod.spec import Example, Spec

if TYPE_CHECKING:
    from plugins.manifest import Manifest
    from sandbox.outcome import Outcome
    from sandbox.outside.rehearsed import Exchange
    from sandbox.sandbox import Sandbox
    from selfmod.gate.facts import Facts
    from selfmod.gate.report import Reach
    from selfmod.gate.suite import Plan

_LEAST_S = 0.1  # of a worker that starts when nothing is left: enough to end in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What is there already: plugins by id with their version, commands with their owner ("" is Ratchet itself).

    `granted` are the capabilities that this person gave to plugins, whatever a history says that somebody gave.
    """

    plugins: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    granted: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A person's word that one finding of exactly these bytes is accepted, and why."""

    finding: str
    reason: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedAsk:
    """Something of the outside that a test asked a recording double for (`op` as in `sandbox.outside`)."""

    op: str
    argument: object
    test: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A call of a public function of the plugin that a passing test made; values are tagged JSON (`sandbox.values`).

    `outcome` is "returned" with the value, "large" with a digest of it, "raised" with the name of the exception in
    `value`, or "kept" with the reason why what was returned cannot leave the sandbox.
    """

    test: str
    function: str
    args: object
    kwargs: object
    outcome: Literal["returned", "large", "raised", "kept"]
    value: object
    asked: bool = False  # whether it asked for something of the outside, which only the test's doubles can answer
    # What that was, with the answers; None where it is too much to keep. Not part of what a call is compared by.
    exchanges: tuple[Exchange, ...] | None = field(default=(), compare=False)

    @property
    def answered(self) -> bool:
        """Whether it gave something back."""
        return self.outcome in ("returned", "large") and self.value is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """One test of one run: how it ended and what of the plugin's entry module it executed."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    id: str
    outcome: Literal["passed", "failed", "error", "skipped"]
    seconds: float = 0.0
    message: str = ""
    path: str = ""
    line: int = 0
    lines: frozenset[int] = frozenset()
    arcs: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """One run of the whole test suite in one worker.

    `expected` are the test ids counted outside, from the parsed files; `executable` and `branches` are the lines and
    arcs that could run, computed outside from the source, never taken from the worker.
    """

    expected: tuple[str, ...]
    tests: tuple[TestRun, ...]
    outcome: Outcome
    import_lines: frozenset[int] = frozenset()
    import_arcs: frozenset[tuple[int, int]] = frozenset()
    executable: frozenset[int] = frozenset()
    branches: frozenset[tuple[int, int]] = frozenset()
    asks: tuple[ObservedAsk, ...] = ()
    calls: tuple[RecordedCall, ...] = ()
    lambdas: frozenset[int] = frozenset()  # those that were called, by their place in the plan

    @property
    def executed(self) -> frozenset[int]:
        """Every line of the entry module that ran, at import or in a test."""
        return self.import_lines.union(*(test.lines for test in self.tests))

    @property
    def passed(self) -> tuple[TestRun, ...]:
        """The tests that passed."""
        return tuple(test for test in self.tests if test.outcome == "passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityUse:
    """One place in the plugin that uses something of the outside.

    `name` is the exact capability where it is literal ("network:api.example.org:443"), else only the kind ("network"),
    and `literal` is False: then the sandbox enforces the grant, and nothing is proven.
    """

    kind: Literal["network", "read", "write", "environment", "storage", "effect:clock", "effect:random"]
    name: str
    line: int
    literal: bool
    path: str = "plugin.py"


@dataclass(slots=True, kw_only=True)
class Subject:
    """The inputs of one judgement and the evidence found so far."""

    candidate: Candidate
    sandbox: Sandbox
    thresholds: Thresholds
    secret: bytes
    spec: Spec | None = None
    previous: Candidate | None = None
    installed: Installed = field(default_factory=Installed)
    candidates_tried: int = 1
    ends_at: float = math.inf  # when the time of the whole gate is over, on the monotonic clock
    retired: tuple[str, ...] = ()  # tests of the previous version that a person took out of force, by id

    blind: tuple[Example, ...] = ()  # tests that were written from the request alone, without seeing the candidate

    refused: set[str] = field(default_factory=set)  # the stages that did not pass so far, by name

    # Filled by the stages, in this order.
    facts: Facts | None = None  # stage manifest: what the parse worker found (see selfmod.gate.facts)
    manifest: Manifest | None = None  # stage manifest
    previous_manifest: Manifest | None = None  # stage manifest
    uses: tuple[CapabilityUse, ...] | None = None  # stage capabilities
    expected_tests: tuple[str, ...] | None = None  # stage tests
    plan: Plan | None = None  # stage tests
    run: SuiteRun | None = None  # stage tests
    oracles: tuple[str, ...] = ()  # stage oracle: the independent ones that ran ("examples", "previous-tests", ...)
    reach: Reach | None = None  # stage capabilities, and what the tests asked for from stage tests on
    seeds: dict[str, int] = field(default_factory=dict)  # every seed that was used, by purpose

    @property
    def entry(self) -> str:
        """The path of the entry module."""
        return self.manifest.entry if self.manifest else "plugin.py"

    @property
    def stage_s(self) -> float:
        """The wall clock that a worker has: that of one stage, or what the whole gate has left, if that is less."""
        return min(self.thresholds.stage_s, max(self.ends_at - time.monotonic(), _LEAST_S))

    def seed(self, purpose: str) -> int:
        """Return the 64-bit seed of one purpose ("mutation", "order"): fixed for a digest, unknown to its author."""
        message = f"{GATE_VERSION}\n{purpose}\n{self.candidate.digest}".encode()
        self.seeds[purpose] = seed = int.from_bytes(hmac.digest(self.secret, message, hashlib.sha256)[:8], "big")
        return seed
