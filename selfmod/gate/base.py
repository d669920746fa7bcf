"""What every stage of the gate is given and gives back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from selfmod.gate.subject import Subject

Verdict = Literal["pass", "refuse", "not-run"]
# A figure is a number, a text or a list of these: what `--json` prints as it is.
Figure = bool | int | float | str | None | list["Figure"] | dict[str, "Figure"]
# Findings of these stages alone can be waived, one by one (design, section 5).
WAIVABLE_STAGES = frozenset({"coverage", "mutation", "determinism", "cost", "docs"})
# The rule of a test that the approved version passes and the candidate does not.
PREVIOUS = "oracle.previous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a stage found. `id` is stable for the same finding of the same bytes ("coverage.line:plugin.py:12").

    `hint` says what to do about it. `line` is 0 where no line applies.
    """

    id: str
    rule: str
    message: str
    path: str = ""
    line: int = 0
    hint: str = ""
    waivable: bool = False
    waived: bool = False
    advisory: bool = False  # shown, never a reason to refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """The verdict of one stage, with the figures it measured and the time it took (seconds)."""

    name: str
    verdict: Verdict
    applicable: bool = True
    seconds: float = 0.0
    figures: Mapping[str, Figure] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a report holds it, and as a program that follows the gate is told."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "applicable": self.applicable,
            "seconds": self.seconds,
            "figures": _plain(self.figures),
            "findings": [asdict(item) for item in self.findings],
        }


def _plain(value: object) -> Any:
    """Return figures as JSON holds them, so that a report read back compares equal to the one written."""
    match value:
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


class Stage(Protocol):
    """One check. It never raises for what a candidate contains; only `SandboxUnavailable` may leave it."""

    @property
    def name(self) -> str:
        """The name in the design's table ("layout", "coverage", ...)."""

    def run(self, subject: Subject) -> StageResult:
        """Judge the subject, leaving evidence for later stages in its slots."""


def finding(
    rule: str, message: str, *, path: str = "", line: int = 0, hint: str = "", key: str = "", advisory: bool = False
) -> Finding:
    """Make a finding of `rule` ("<stage>.<rule>"). `key` tells apart findings of one rule that share path and line."""
    where = ":".join(part for part in (path, str(line) if line else "", key) if part)
    return Finding(
        id=f"{rule}:{where}" if where else rule,
        rule=rule,
        message=message,
        path=path,
        line=line,
        hint=hint,
        waivable=rule.partition(".")[0] in WAIVABLE_STAGES,
        advisory=advisory,
    )


def final(rule: str, message: str, *, hint: str = "", advisory: bool = False) -> Finding:
    """Make a finding that nobody can accept: what it is about was not seen, not measured or not shown."""
    return replace(finding(rule, message, hint=hint, advisory=advisory), waivable=False)


def retired_test(finding_id: str) -> str:
    """The test of the approved version that a finding is about, "" for any other finding: a person may retire it."""
    name = finding_id.removeprefix(f"{PREVIOUS}:")
    return "" if name == finding_id else name


def result(
    name: str,
    findings: Iterable[Finding] = (),
    *,
    figures: Mapping[str, Figure] | None = None,
    applicable: bool = True,
) -> StageResult:
    """Make a result: it refuses exactly when a finding that is not advisory remains. The gate adds the time."""
    found = _unique(findings)
    refused = any(not item.advisory and not item.waived for item in found)
    return StageResult(
        name=name,
        verdict="refuse" if refused else "pass",
        applicable=applicable,
        figures=dict(figures or {}),
        findings=found,
    )


def _unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give every finding an id of its own: the second of the same id gets "#2", so that a waiver names exactly one."""
    seen: dict[str, int] = {}
    numbered = []
    for item in findings:
        seen[item.id] = count = seen.get(item.id, 0) + 1
        numbered.append(item if count == 1 else replace(item, id=f"{item.id}#{count}"))
    return tuple(numbered)
