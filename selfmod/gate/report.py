"""What the gate found out about one digest: for a person, for `--json`, and as a statement that a decision can name."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from sandbox.version import VERSION
from selfmod.gate.base import Figure, Finding, StageResult
from selfmod.gate.thresholds import Thresholds

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
_RESULTS = {"pass": "PASSED", "refuse": "FAILED"}


class ReportError(ValueError):
    """A stored report is not one that this gate could have written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What the plugin may touch, as its manifest says, as its code says, and as its tests were seen to ask.

    `enforced` are the kinds whose names the code computes: the sandbox holds them to the declared ones, nothing is
    proven. `new` is what the approved version did not have. `flows` says in words what could go where.
    """

    declared: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()
    enforced: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """The verdict over exactly these bytes by exactly this gate. It authorises nothing by itself."""

    digest: str
    gate_version: str
    thresholds: Thresholds
    stages: tuple[StageResult, ...]
    verdict: Literal["pass", "refuse"]
    acknowledge: tuple[str, ...] = ()
    reach: Reach = Reach()
    plugin: str = ""
    version: str = ""
    candidates_tried: int = 1
    seconds: float = 0.0
    libraries: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)

    def stage(self, name: str) -> StageResult | None:
        """Return the result of one stage by name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every stage, in order."""
        return tuple(found for stage in self.stages for found in stage.findings)

    @property
    def questions(self) -> tuple[str, ...]:
        """What only a person can answer."""
        figures = [stage.figures.get("questions") for stage in self.stages]
        asked = [str(one) for found in figures if isinstance(found, list) for one in found]
        return (*asked, *(found.message for found in self.findings if found.rule == "oracle.changed"))

    @property
    def dependencies(self) -> tuple[str, ...]:
        """The plugins that the manifest says it needs, by id."""
        stage = self.stage("manifest")
        named = stage.figures.get("dependencies", []) if stage else []
        return tuple(map(str, named)) if isinstance(named, list) else ()

    @property
    def hash(self) -> str:
        """The "sha256:<64 hex>" of the statement: what a signed decision names."""
        canonical = json.dumps(self.statement(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"

    def statement(self) -> dict[str, Any]:
        """Return the report in the in-toto form, bound to the digest, the gate, its thresholds, libraries and seeds."""
        named = {verdict: [stage.name for stage in self.stages if stage.verdict == verdict] for verdict in _RESULTS}
        return {
            "_type": STATEMENT,
            "subject": [{"name": f"plugins/{self.plugin}", "digest": {"sha256": self.digest.removeprefix("sha256:")}}],
            "predicateType": PREDICATE,
            "predicate": {
                "result": _RESULTS[self.verdict],
                "configuration": [
                    {
                        "name": "thresholds",
                        "digest": {"sha256": self.thresholds.digest.removeprefix("sha256:")},
                        "annotations": self.thresholds.to_json(),
                    }
                ],
                "passedTests": named["pass"],
                "failedTests": named["refuse"],
                "ratchet": self.to_json(),
            },
        }

    def to_json(self) -> dict[str, Any]:
        """Return the `gate` object of `--json`."""
        return {
            "verdict": self.verdict,
            "digest": self.digest,
            "gate_version": self.gate_version,
            "stages": [stage.to_json() for stage in self.stages],
            "acknowledge": list(self.acknowledge),
            "capabilities": {name: list(values) for name, values in dataclasses.asdict(self.reach).items()},
            "plugin": self.plugin,
            "version": self.version,
            "candidates_tried": self.candidates_tried,
            "seconds": self.seconds,
            "thresholds": self.thresholds.to_json(),
            "libraries": dict(self.libraries),
            # 64 bits do not survive readers that hold every number as a float.
            "seeds": {name: f"{seed:016x}" for name, seed in self.seeds.items()},
        }

    @classmethod
    def from_json(cls, data: object) -> GateReport:
        """Read what `to_json` wrote; raise `ReportError` for anything else."""
        try:
            report = _report(data)
            same = report.to_json() == data
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ReportError(f"not a report of the gate: {type(error).__name__}: {error}") from error
        if not same:
            raise ReportError("not a report of the gate: it says more or less than a report does")
        return report


@functools.cache
def libraries() -> Mapping[str, str]:
    """Return the versions of what takes part in judging."""
    import platform
    from importlib.metadata import version

    names = ("pytest", "coverage", "RestrictedPython", "griffelib", "bandit", "ruamel.yaml", "pydantic", "packaging")
    own = {"ratchet": VERSION, "python": platform.python_version()}
    return MappingProxyType(own | {name: version(name) for name in names})


def _report(data: Any) -> GateReport:
    return GateReport(
        digest=_text(data["digest"]),
        gate_version=_text(data["gate_version"]),
        thresholds=Thresholds(**data["thresholds"]),
        stages=tuple(_stage(stage) for stage in data["stages"]),
        verdict=_verdict(data["verdict"]),
        acknowledge=_texts(data["acknowledge"]),
        reach=Reach(**{name: _texts(values) for name, values in data["capabilities"].items()}),
        plugin=_text(data["plugin"]),
        version=_text(data["version"]),
        candidates_tried=int(data["candidates_tried"]),
        seconds=float(data["seconds"]),
        libraries={_text(name): _text(found) for name, found in data["libraries"].items()},
        seeds={_text(name): int(seed, 16) for name, seed in data["seeds"].items()},
    )


def _stage(data: Any) -> StageResult:
    figures: dict[str, Figure] = dict(data["figures"])
    findings = tuple(Finding(**item) for item in data["findings"])
    if data["verdict"] not in {"pass", "refuse", "not-run"}:
        raise ValueError(f"no verdict: {data['verdict']!r}")
    return StageResult(**{**data, "figures": figures, "findings": findings})


def _verdict(value: object) -> Literal["pass", "refuse"]:
    if value == "pass":
        return "pass"
    if value == "refuse":
        return "refuse"
    raise ValueError(f"no verdict: {value!r}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)
