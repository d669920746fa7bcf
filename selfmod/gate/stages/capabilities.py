"""Stage 4: what the code uses of the outside must be what the manifest declares, and no more than was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, get_args, get_type_hints

from selfmod.gate.base import Figure, Finding, StageResult, finding, result
from selfmod.gate.evidence import BadEvidence, array, mapping, text, whole
from selfmod.gate.facts import facts_of, refused_before, unread
from selfmod.gate.report import Reach
from selfmod.gate.stages.layout import MANIFEST
from selfmod.gate.subject import CapabilityUse, ObservedAsk, Subject

if TYPE_CHECKING:
    from plugins.manifest import Manifest

KINDS: Final[tuple[str, ...]] = get_args(get_type_hints(CapabilityUse)["kind"])
_SAID: Final = {
    "network": "the network",
    "read": "files, for reading",
    "write": "files, for writing",
    "environment": "environment variables",
    "storage": "its storage",
    "effect:clock": "the clock",
    "effect:random": "random numbers",
}


class Capabilities:
    """The stage "capabilities"."""

    name = "capabilities"

    def run(self, subject: Subject) -> StageResult:
        """Compare the uses found in the code with the manifest and the spec; leaves the uses and the reach."""
        findings: list[Finding] = []
        try:
            facts = facts_of(subject)
            if refused_before(subject, subject.entry):
                return StageResult(name=self.name, verdict="not-run")  # nothing of the code could be judged
            subject.uses, findings = _uses(array(facts.get("uses")), subject.entry)
        except BadEvidence as error:
            return result(self.name, [unread(self.name, error)])
        if subject.manifest is None:
            return result(self.name, findings, figures={"uses": len(subject.uses)})
        declared = subject.manifest.capability_names()
        findings += [*check(declared, subject.uses, subject.entry), *_beyond(subject, declared)]
        subject.reach = reach_of(subject.manifest, subject.uses, _in_force(subject))
        return result(self.name, findings, figures=_figures(subject.reach))


def kind_of(name: str) -> str:
    """Return the kind of a capability by its name ("network:a.org:443" is "network")."""
    return name if name.startswith("effect:") else name.partition(":")[0]


def covers(declared: str, used: str) -> bool:
    """Return whether what is declared covers what is used: the same, or a folder around it.

    What may be written may be read back: the sandbox grants both.
    """
    if kind_of(declared) == "write" and kind_of(used) == "read":
        used = f"write:{used.removeprefix('read:')}"
    if declared == used:
        return True
    return kind_of(declared) in ("read", "write") and used.startswith(f"{declared}/") and "/../" not in f"{used}/"


def check(declared: tuple[str, ...], uses: Iterable[CapabilityUse], entry: str) -> Iterator[Finding]:
    """Yield what is used and not declared, and what is declared and not used."""
    uses = tuple(uses)
    used_kinds, declared_kinds = {use.kind for use in uses}, {kind_of(name) for name in declared}
    if "write" in declared_kinds:
        declared_kinds.add("read")
    for use in uses:
        if use.kind not in declared_kinds:
            message = f"it uses {_SAID[use.kind]}, which the manifest does not declare"
            yield finding(
                "capabilities.undeclared", message, path=entry, line=use.line, key=use.name, hint=_declare(use)
            )
        elif use.literal and not any(covers(name, use.name) for name in declared):
            message = f"it uses {use.name!r}, which the manifest does not declare"
            yield finding(
                "capabilities.uncovered", message, path=entry, line=use.line, key=use.name, hint=_declare(use)
            )
    for name in declared:
        kind = kind_of(name)
        computed = any(use.kind == kind and not use.literal for use in uses)
        if kind not in used_kinds or not (computed or any(covers(name, use.name) for use in uses if use.kind == kind)):
            message = f"it declares {name!r} and nothing in the code uses it"
            yield finding("capabilities.unused", message, path=MANIFEST, key=name, hint="remove it from the manifest")


def _declare(use: CapabilityUse) -> str:
    """What to add to the manifest; what the code works out has to be filled in."""
    from plugins.capability import FORMS, declaration

    if use.literal:
        return f"add to {MANIFEST}: {declaration(use.name)}"
    form = next(form for form in FORMS if kind_of(form) == use.kind)
    _, _, place = form.partition(":")
    return f"add to {MANIFEST}, with the {place} it needs: {declaration(form)}"


def observed_names(asks: Iterable[ObservedAsk]) -> tuple[str, ...]:
    """Return, by name, what a run was seen to ask for."""
    return tuple(dict.fromkeys(name for ask in asks if (name := _observed(ask))))


def _in_force(subject: Subject) -> frozenset[str]:
    """What the version before declares and this person granted: anybody can commit a version that declares more."""
    before = subject.previous_manifest
    if before is None:
        return frozenset()
    return subject.installed.granted.get(before.id, frozenset()).intersection(before.capability_names())


def reach_of(manifest: Manifest, uses: Iterable[CapabilityUse], known: frozenset[str]) -> Reach:
    """Return what the plugin may touch, side by side, and what is new against what is in force."""
    declared = manifest.capability_names()
    uses = tuple(uses)
    return Reach(
        declared=declared,
        inferred=tuple(dict.fromkeys(use.name for use in uses if use.literal)),
        enforced=tuple(dict.fromkeys(use.kind for use in uses if not use.literal)),
        new=tuple(name for name in declared if name not in known),
        flows=flows(declared),
    )


def flows(declared: Iterable[str]) -> tuple[str, ...]:
    """Say what could go where: everything that can be read, to everything that can be written.

    What may be written may be read back, and so go elsewhere.
    """
    names = [name.partition(":") for name in declared]
    hosts = [rest.rpartition(":")[0] for kind, _, rest in names if kind == "network"]
    found = []
    for kind, _, rest in names:
        source = rest if kind in ("read", "write") else f"the variable {rest}" if kind == "environment" else ""
        if source:
            found += [f"can send {source} to {host}" for host in hosts]
            found += [f"can copy {source} to {path}" for sort, _, path in names if sort == "write" and path != source]
        if kind == "network":
            host = rest.rpartition(":")[0]
            found += [f"can write what {host} answers to {path}" for sort, _, path in names if sort == "write"]
    return tuple(dict.fromkeys(found))


def _uses(items: list[object], entry: str) -> tuple[tuple[CapabilityUse, ...], list[Finding]]:
    uses, findings = [], []
    for item in items:
        said = mapping(item)
        kind, name, line = text(said.get("kind")), text(said.get("name")), whole(said.get("line"))
        if kind in KINDS:
            literal = said.get("literal") is True
            uses.append(CapabilityUse(kind=kind, name=name, line=line, literal=literal, path=entry))  # type: ignore[arg-type]
        else:
            message = "what this uses of the outside cannot be told from the code"
            hint = "name it directly: from plugins.sdk import files; files.read(...)"
            findings.append(finding("capabilities.indirect", message, path=entry, line=line, key=name, hint=hint))
    return tuple(uses), findings


def _beyond(subject: Subject, declared: tuple[str, ...]) -> Iterator[Finding]:
    """What is declared and neither allowed by the spec nor in force."""
    if subject.spec is None:
        return
    allowed = (*subject.spec.allow, *_in_force(subject))
    for name in declared:
        if not any(covers(one, name) for one in allowed):
            message = f"it declares {name!r}, which the request does not allow"
            hint = f"do without it, or allow it: --allow {name}"
            yield finding("capabilities.beyond-spec", message, path=MANIFEST, key=name, hint=hint)


def _observed(ask: ObservedAsk) -> str:
    namespace, _, operation = ask.op.partition(".")
    said = ask.argument if isinstance(ask.argument, dict) else {}
    if "handle" in said:
        return ""  # goes on with what was opened before, under its name
    match namespace:
        case "http" | "tcp":
            return _host(str(said.get("url", "")), said)
        case "files":
            kind = "write" if operation == "write" else "read"
            return f"{kind}:{said.get('path', '')}"
        case "environment":
            return f"environment:{said.get('name', '')}"
        case "storage":
            return "storage"
        case "clock" | "random":
            return f"effect:{namespace}"
        case _:
            return ""


def _host(url: str, said: dict[object, object]) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname or str(said.get("host", ""))
        port = parts.port or said.get("port") or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return "network"
    return f"network:{host}:{port}"


def _figures(reach: Reach) -> dict[str, Figure]:
    return {"declared": list(reach.declared), "inferred": list(reach.inferred), "enforced": list(reach.enforced)}
