"""What a person is shown before they decide, and what exactly a decision is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from plugins import ledger
from plugins.decision import Waived
from plugins.digest import digest_of
from plugins.errors import ConflictError
from plugins.objects import FILE
from plugins.workspace import Workspace
from selfmod.candidate import Candidate
from selfmod.gate.report import GateReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a judgement rests on besides the candidate: when any of it changes, the judgement is stale.

    `digest` is what HEAD holds of the plugin ("" for a new one), `decision` the hash of its latest decision,
    `capabilities` what that decision names and this person granted, `dependencies` the digests of the plugins it needs.
    """

    digest: str = ""
    decision: str = ""
    capabilities: tuple[str, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """As a proposal holds it."""
        return {
            "digest": self.digest,
            "decision": self.decision,
            "capabilities": list(self.capabilities),
            "dependencies": dict(self.dependencies),
        }

    @classmethod
    def from_json(cls, held: Mapping[str, object]) -> Basis:
        """Read what `to_json` wrote; raises KeyError or ValueError for anything else."""
        capabilities, dependencies = held.get("capabilities"), held.get("dependencies")
        if not isinstance(capabilities, list) or not isinstance(dependencies, dict):
            raise ValueError("not a basis")  # noqa: TRY004 - as for any other damage
        return cls(
            digest=str(held["digest"]),
            decision=str(held["decision"]),
            capabilities=tuple(str(name) for name in capabilities),
            dependencies={str(name): str(digest) for name, digest in dependencies.items()},
        )

    def changed(self, now: Basis) -> str:
        """Which part is not what it was, in words; "" when nothing changed."""
        if self.digest != now.digest:
            return "the plugin's folder"
        if self.capabilities != now.capabilities:
            return "its capabilities in force"
        if self.decision != now.decision:
            return "its decisions"
        moved = [name for name, digest in self.dependencies.items() if now.dependencies.get(name) != digest]
        return f"the plugin {moved[0]} that it depends on" if moved else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One candidate with everything that is shown about it. A decision is about exactly this.

    `previous` is the version that HEAD holds, None for a new plugin; `capabilities` is what approving grants.
    """

    proposal: str
    plugin: str
    version: str
    candidate: Candidate
    report: GateReport
    basis: Basis
    capabilities: tuple[str, ...] = ()
    previous: Candidate | None = None
    spec: str = ""
    model: str = ""
    tried: int = 1
    waivers: tuple[Waived, ...] = ()

    @property
    def digest(self) -> str:
        """What has to be named to approve it."""
        return self.candidate.digest

    @property
    def acknowledge(self) -> tuple[str, ...]:
        """What takes a typed word each."""
        return tuple(dict.fromkeys((*self.report.acknowledge, *self.new_capabilities)))

    @property
    def new_capabilities(self) -> tuple[str, ...]:
        """What approving would grant beyond what is in force."""
        return tuple(name for name in self.capabilities if name not in self.basis.capabilities)


def read_basis(
    workspace: Workspace, plugin: str, dependencies: Iterable[str] = (), *, granted: frozenset[str]
) -> Basis:
    """What is there now that a judgement of `plugin` would rest on; `granted` is what this person gave it.

    A ledger says what somebody granted, and anybody can commit a line to it.
    """
    found = read_ledger(workspace, plugin)
    latest = found.decisions[-1] if found.decisions else None
    return Basis(
        digest=committed_digest(workspace, plugin),
        decision=latest.hash if latest else "",
        capabilities=tuple(sorted(granted.intersection(latest.capabilities))) if latest and latest.digest else (),
        dependencies={name: committed_digest(workspace, name) for name in sorted(set(dependencies))},
    )


def committed(workspace: Workspace, plugin: str) -> Candidate | None:
    """The version that HEAD holds, None where there is none."""
    repository = workspace.repository
    entries = repository.files(repository.head(), workspace.in_git(f"plugins/{plugin}"))
    if not entries:
        return None
    for path, entry in entries.items():
        if entry.mode != FILE:
            raise ConflictError(f"plugins/{plugin}/{path} is not a plain file in git", id=plugin)
    return Candidate(files={path: repository.blob(entry.id) for path, entry in entries.items()})


def committed_digest(workspace: Workspace, plugin: str) -> str:
    """The digest of the version that HEAD holds, "" where there is none."""
    found = committed(workspace, plugin)
    return digest_of(found.files) if found else ""


def read_ledger(workspace: Workspace, plugin: str, commit: str = "") -> ledger.Ledger:
    """The ledger of a plugin as a commit (HEAD by default) holds it."""
    repository = workspace.repository
    entry = repository.entry(commit or repository.head(), workspace.in_git(ledger.path_of(plugin)))
    data = repository.blob(entry.id) if entry is not None and entry.mode == FILE else None
    return ledger.read(plugin, data, workspace=workspace.id)
