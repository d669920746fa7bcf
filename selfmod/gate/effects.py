"""What a plugin gives to the outside must be looked at: each part of it was another one once, and a test noticed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from selfmod.gate.base import Finding, final, finding
from selfmod.gate.evidence import BadEvidence, array, text, whole
from selfmod.gate.subject import SuiteRun

# Where a test finds what left the plugin.
_SEEN: Final[Mapping[str, str]] = {
    "storage.set": "seen.storage",
    "files.write": "seen.files",
    "http.request": "seen.requests",
    "http.body": "seen.requests",
    "tcp.send": "seen.sent",
}
_SHOWN: Final = 5
MOST: Final = 120  # parts that are tried, each in a process of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A part of what one place of the plugin writes or sends; `key` is that of the store where the source names it."""

    line: int
    op: str
    key: str
    part: str

    @property
    def place(self) -> str:
        """The operation, and what of the store it is about."""
        return f"{self.op}({self.key!r})" if self.key else self.op


def has_effects(run: SuiteRun) -> bool:
    """Whether anything left the plugin, or the tests, while the tests ran."""
    return any(ask.op in _SEEN for ask in run.asks)


def effect_of(note: object) -> tuple[Effect, int]:
    """The effect of a note, and the line in the plugin from which the place was come to."""
    match array(note):
        case [line, caller, op, key, part] if op in _SEEN:
            return Effect(line=whole(line), op=text(op), key=text(key), part=text(part)), whole(caller)
        case _:
            raise BadEvidence("an effect was expected")


def unseen(noticed: Mapping[tuple[Effect, int], bool], path: str) -> Iterator[Finding]:
    """Yield a finding for each place of which some part could be another one without any test failing."""
    places: dict[tuple[int, str], list[Effect]] = {}
    for (effect, _), was_noticed in noticed.items():
        if not was_noticed:
            places.setdefault((effect.line, effect.place), []).append(effect)
    for (line, place), effects in places.items():
        parts = list(dict.fromkeys(effect.part for effect in effects))
        shown = "; ".join(parts[:_SHOWN]) + ("; ..." if len(parts) > _SHOWN else "")
        where = _SEEN[effects[0].op]
        yield finding(
            "mutation.effect",
            f"no test notices when {place} is given something else of the same kind and length: {shown}",
            path=path,
            line=line,
            hint=f"compare {where} of `with testing.outside(...) as seen` with all that should be there",
            key=f"{place}:{parts[0]}",
        )


def too_many() -> Finding:
    """The finding of a plugin that gives away more than can be tried."""
    return final(
        "mutation.effects",
        "its tests make it write and send more different things than can be tried",
        hint="give less away",
    )
