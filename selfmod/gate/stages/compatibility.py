"""Stage 10: what changed for callers of the approved version, and the smallest version step that says so honestly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias

from selfmod.gate.base import Figure, Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence, array, mapping, text, whole
from selfmod.gate.facts import facts_of, unread
from selfmod.gate.stages.layout import MANIFEST
from selfmod.gate.subject import Subject

if TYPE_CHECKING:
    from plugins.manifest import Manifest

Step: TypeAlias = Literal["none", "patch", "minor", "major"]
_ORDER: tuple[Step, ...] = ("none", "patch", "minor", "major")


class Compatibility:
    """The stage "compatibility"."""

    name = "compatibility"

    def run(self, subject: Subject) -> StageResult:
        """Judge the version step; does not apply where there is no version before."""
        if subject.previous is None or subject.previous_manifest is None or subject.manifest is None:
            return result(self.name, applicable=False)
        try:
            api = mapping(facts_of(subject).get("api"))
            breaking = [*_module_breaks(array(api.get("breaking"))), *_tool_breaks(subject)]
            added = [*map(text, array(api.get("added"))), *_tools_added(subject.previous_manifest, subject.manifest)]
        except BadEvidence as error:
            return result(self.name, [unread(self.name, error)])
        needed = _needed(subject, bool(breaking), bool(added))
        before, now = subject.previous_manifest.version, subject.manifest.version
        figures: dict[str, Figure] = {
            "before": before,
            "now": now,
            "needed": needed,
            "breaking": [*breaking],
            "added": [*added],
        }
        return result(self.name, _step(before, now, needed, breaking), figures=figures)


def smallest(before: str, needed: Step) -> str:
    """Return the first version that is a step of `needed` after `before`; below 1.0.0 the second number breaks."""
    major, minor, patch = (int(number) for number in before.partition("+")[0].partition("-")[0].split("."))
    if needed == "major" and major > 0:
        return f"{major + 1}.0.0"
    if needed == "major" or (needed == "minor" and major > 0):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}" if needed != "none" else before


def _step(before: str, now: str, needed: Step, breaking: list[str]) -> Iterator[Finding]:
    from plugins.manifest import version_key

    if needed == "none":
        return
    honest = smallest(before, needed)
    if now == before:
        message = f"the content changed and the version is still {before}"
        yield finding("compatibility.unchanged-version", message, path=MANIFEST, hint=f"write version: {honest}")
    elif version_key(now) < version_key(honest):
        message = f"{before} to {now} is too small a step: the change is {needed}"
        hint = f"write version: {honest}, or keep what callers use"
        yield finding("compatibility.version-step", message, path=MANIFEST, hint=hint)
        for what in breaking:
            yield finding("compatibility.breaking", what, path=MANIFEST, key=what, hint=hint, advisory=True)


def _needed(subject: Subject, breaking: bool, added: bool) -> Step:
    if subject.previous is not None and subject.candidate.digest == subject.previous.digest:
        return "none"
    if breaking:
        return "major"
    before, now = subject.previous_manifest, subject.manifest
    wider = before and now and set(now.capability_names()) - set(before.capability_names())
    return "minor" if added or wider else "patch"


def _module_breaks(items: list[object]) -> Iterator[str]:
    for item in items:
        said = mapping(item)
        whole(said.get("line"))
        yield f"{text(said.get('name'))}: {text(said.get('what'))}"


def _tool_breaks(subject: Subject) -> Iterator[str]:
    before, now = subject.previous_manifest, subject.manifest
    if before is None or now is None:
        return
    for what, old, new in (("tool", before.tools, now.tools), ("command", before.commands, now.commands)):
        left = {tool.name: tool.handler for tool in new}
        for tool in old:
            if tool.name not in left:
                yield f"{what} {tool.name}: it was removed"
            elif left[tool.name] != tool.handler:
                # The function that callers meant may be there still, and pass every test it ever had.
                yield f"{what} {tool.name}: {left[tool.name]} answers now and not {tool.handler}"


def _tools_added(before: Manifest, now: Manifest) -> Iterator[str]:
    for what, old, new in (("tool", before.tools, now.tools), ("command", before.commands, now.commands)):
        known = {tool.name for tool in old}
        yield from (f"{what} {tool.name}" for tool in new if tool.name not in known)
