"""The version of what a model wrote: 0.1.0 for a new plugin, and for a change the smallest step that is honest."""

from __future__ import annotations

import re
from typing import Final

from selfmod.candidate import Candidate
from selfmod.gate.report import GateReport
from selfmod.gate.stages.compatibility import Step, smallest

FIRST: Final = "0.1.0"
MANIFEST: Final = "plugin.yaml"
_LINE: Final = re.compile(rb"^version:[^\n]*$", re.MULTILINE)
_VERSION: Final = re.compile(rb"^version:[ \t]*[\"']?([0-9]+\.[0-9]+\.[0-9]+)[^\n]*$", re.MULTILINE)
_STEPS: Final[dict[str, Step]] = {"patch": "patch", "minor": "minor", "major": "major"}


def first_step(candidate: Candidate, previous: Candidate | None) -> Candidate:
    """The candidate with the first version, or with the smallest step after the previous one."""
    if previous is None:
        return with_version(candidate, FIRST)
    before = _VERSION.search(previous.files.get(MANIFEST, b""))
    return with_version(candidate, smallest(before[1].decode(), "patch")) if before else candidate


def honest_step(candidate: Candidate, report: GateReport) -> Candidate | None:
    """The candidate with the step that the gate found the change to need; None where it has that one already."""
    stage = report.stage("compatibility")
    if stage is None or stage.verdict != "refuse" or not stage.applicable:
        return None
    needed, before = _STEPS.get(str(stage.figures.get("needed"))), stage.figures.get("before")
    if needed is None or not isinstance(before, str):
        return None
    stepped = with_version(candidate, smallest(before, needed))
    return None if stepped.digest == candidate.digest else stepped


def with_version(candidate: Candidate, version: str) -> Candidate:
    """The candidate with another version in its manifest; as it is where that has no line for it, or several."""
    manifest = candidate.files.get(MANIFEST, b"")
    if len(_LINE.findall(manifest)) != 1:
        return candidate
    written = _LINE.sub(f"version: {version}".encode(), manifest)
    return Candidate(files={**candidate.files, MANIFEST: written}, unread=candidate.unread)
