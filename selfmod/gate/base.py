"""What every stage of the gate is given and gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "refuse", "not-run"]
# A figure is a number, a text or a list of these: what `--json` prints as it is.
Figure = bool | int | float | str | None | list["Figure"] | dict[str, "Figure"]


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
