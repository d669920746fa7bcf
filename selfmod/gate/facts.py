"""The host's side of reading candidate material: runs the parse worker once and checks the shape of what it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.limits import Limits
from sandbox.outcome import Outcome, describe
from sandbox.program import Job
from selfmod.candidate import Candidate
from selfmod.gate.base import Finding, final, finding
from selfmod.gate.evidence import BadEvidence, array, mapping, text, whole
from selfmod.gate.stages.layout import is_admitted, is_data, module_of, tests_of
from selfmod.gate.subject import Subject
from selfmod.gate.thresholds import Thresholds

JOB: Final = "selfmod.gate.reading.parse:facts"
SECTIONS: Final = (
    *("text", "manifest", "previous_manifest", "handlers", "policy", "secrets"),
    *("bandit", "uses", "conditions", "api", "docs"),
)
# What the section "text" says of files that cannot be parsed.
_UNPARSED: Final = ("text.syntax", "text.nesting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the worker said, by section, and how it ended; `seen` are the files of the candidate that it read."""

    sections: Mapping[str, object] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    outcome: Outcome | None = None

    def get(self, section: str) -> object:
        """Return the facts of a section; raise `BadEvidence` with the reason when there are none."""
        said = self.sections.get(section)
        if section not in self.sections:
            ended = describe(self.outcome) if self.outcome else "nothing was read"
            raise BadEvidence(f"the files could not be read to the end: {ended}")
        if isinstance(said, dict) and "failed" in said:
            raise BadEvidence(f"the files could not be read: {text(said['failed'])}")
        return said

    def findings(self, section: str, *, stage: str = "", advisory: bool = False) -> tuple[Finding, ...]:
        """Return a section that is a list of findings; facts that are missing are a finding of `stage` themselves."""
        try:
            return tuple(as_finding(item, advisory=advisory) for item in array(self.get(section)))
        except BadEvidence as error:
            return (unread(stage or section, error),)


def facts_of(subject: Subject, unclean: frozenset[str] = frozenset()) -> Facts:
    """Return the facts of a subject, reading them the first time. Files in `unclean` are kept away from the parsers."""
    if subject.facts is None:
        subject.facts = _read(subject, unclean)
    return subject.facts


def refused_before(subject: Subject, path: str) -> bool:
    """Whether layout or text refused this very file, so that nobody could read it: what would follow misleads."""
    there = {*subject.candidate.files, *(item.path for item in subject.candidate.unread)}
    seen = subject.facts.seen if subject.facts else frozenset[str]()
    return path in there - seen and not subject.refused.isdisjoint(("layout", "text"))


def as_finding(item: object, *, advisory: bool = False) -> Finding:
    """Turn one finding of the worker into ours."""
    said = mapping(item)
    return finding(
        text(said.get("rule")),
        text(said.get("message")),
        path=text(said.get("path")),
        line=whole(said.get("line")),
        hint=text(said.get("hint")),
        key=text(said.get("key")),
        advisory=advisory,
    )


def unread(stage: str, error: BadEvidence) -> Finding:
    """The finding of a stage whose facts could not be had. Nothing was judged, so nobody can accept the result."""
    return final(f"{stage}.unreadable", str(error), hint="make the files smaller and simpler")


def _read(subject: Subject, unclean: frozenset[str]) -> Facts:
    candidate, previous = subject.candidate, subject.previous
    files = {path: data for path, data in _small(candidate, subject.thresholds).items() if path not in unclean}
    before = _small(previous, subject.thresholds) if previous else {}
    argument = {
        "files": sorted(files),
        "previous": sorted(before),
        "entry": module_of(candidate) or "plugin.py",
        "tests": list(tests_of(candidate)),
        "sections": list(SECTIONS),
    }
    sections: dict[str, object] = {}

    def take(note: object) -> None:
        if isinstance(note, dict) and (name := note.get("section")) in SECTIONS and name not in sections:
            sections[name] = note.get("facts")

    limit = subject.stage_s
    outcome = subject.sandbox.run(
        Job(
            function=JOB,
            argument=argument,
            files={f"candidate/{path}": data for path, data in files.items()}
            | {f"previous/{path}": data for path, data in before.items()},
        ),
        limits=Limits(memory_mb=512, wall_s=limit, cpu_s=max(1, int(limit)), disk_mb=16),
        kind="parse",
        on_note=take,
    )
    return Facts(sections=sections, seen=frozenset(files) - _unparsed(sections.get("text")), outcome=outcome)


def _unparsed(said: object) -> frozenset[str]:
    """The files that are not Python, of which no other section knows anything."""
    items = [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []
    return frozenset(str(item.get("path")) for item in items if item.get("rule") in _UNPARSED)


def _small(candidate: Candidate, thresholds: Thresholds) -> dict[str, bytes]:
    """The files that may be part of a plugin by name, number and size; the layout stage has refused the others."""
    room, taken = thresholds.total_kb * 1024, dict[str, bytes]()
    for path, data in sorted(candidate.files.items(), key=lambda item: (is_data(item[0]), item[0])):
        fits = len(data) <= room and not (path.endswith(".py") and len(data) > thresholds.module_kb * 1024)
        if len(taken) == thresholds.files:
            break
        if is_admitted(path) and fits:
            room -= len(data)
            taken[path] = data
    return taken
