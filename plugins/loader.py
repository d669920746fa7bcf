"""Whether a plugin may run, and the exact bytes that do: only what a trusted decision names, as HEAD holds it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from plugins import folder, grants, ledger, trust
from plugins.decision import Decision
from plugins.digest import digest_of
from plugins.errors import RatchetError
from plugins.keys import host_key
from plugins.objects import FILE
from plugins.state import UserState
from plugins.workspace import Workspace, plugin_id
from sandbox.version import VERSION

if TYPE_CHECKING:
    from plugins.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of one plugin. It may run when `reason` is ""; `files` are then the approved bytes, from git."""

    id: str
    reason: str = ""
    version: str = ""
    decision: Decision | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    manifest: Manifest | None = None
    approvers: frozenset[str] = frozenset()  # the keys with which these bytes were approved
    present: bool = True  # whether there is a folder or a decision of this name at all

    @property
    def runnable(self) -> bool:
        """Whether it may run."""
        return not self.reason


class _Refused(Exception):
    """Why a plugin does not run."""


class Loader:
    """Judges plugins by their decisions. Nothing is executed, and what is to run comes from git, not from the disk."""

    def __init__(self, workspace: Workspace, state: UserState, *, keys: Iterable[str] | None = None) -> None:
        """`keys` are fingerprints to trust in place of the person's own list: what trusting them would enable."""
        self._workspace, self._state = workspace, state
        self._assumed = None if keys is None else frozenset(keys)

    def standings(self, *names: str) -> tuple[Standing, ...]:
        """What may run and what may not: everything in `plugins/` and every ledger, or `names` and what they need."""
        head, trusted = self._workspace.repository.head(), self._trusted()
        found: dict[str, Standing] = {}
        waiting = list(names) or self._names(head)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._standing(name, head, trusted)
                waiting += _needed(found[name])
        while lacking := {name: reason for name, one in found.items() if (reason := _lacks(one, found))}:
            for name, reason in lacking.items():
                found[name] = replace(found[name], reason=reason, files={})
        return tuple(found[name] for name in sorted(found) if found[name].present or name in names)

    def _standing(self, name: str, head: str, trusted: frozenset[str] | None) -> Standing:
        """What is known of one plugin by itself, without what it depends on."""
        if trusted is None:
            return Standing(id=name, reason="the workspace is not trusted", present=self._present(name))
        decision: Decision | None = None
        try:
            plugin_id(name)
            found, decision = self._latest(name, head)
            self._check_key(decision, trusted)
            files = self._approved(name, head, decision)
            approvers = found.approvers(decision.digest)
            manifest = self._manifest(name, decision, files, approvers)
        except (_Refused, RatchetError) as error:
            version = decision.version if decision else ""
            present = decision is not None or self._present(name)
            return Standing(id=name, reason=str(error), version=version, decision=decision, present=present)
        return Standing(
            id=name, version=manifest.version, decision=decision, files=files, manifest=manifest, approvers=approvers
        )

    def _names(self, head: str) -> list[str]:
        repository, found = self._workspace.repository, set(self._workspace.plugin_ids())
        entry = repository.entry(head, self._workspace.in_git(ledger.FOLDER))
        if entry is not None and entry.mode != FILE:
            found |= {ledger.plugin_of(name) for name in repository.tree(entry.id)} - {""}
        return sorted(found)

    def _present(self, name: str) -> bool:
        root = self._workspace.root
        places = (f"plugins/{name}", ledger.path_of(name))
        return "/" not in name and any(os.path.lexists(root / place) for place in places)

    def _trusted(self) -> frozenset[str] | None:
        """The keys that count here, None where the workspace is not trusted."""
        if self._assumed is not None:
            return self._assumed
        if not trust.is_trusted(self._workspace, self._state):
            return None
        return trust.fingerprints(self._workspace, self._state)

    def _latest(self, name: str, head: str) -> tuple[ledger.Ledger, Decision]:
        """The ledger as HEAD holds it and the work tree shows it, and its last line: the decision in force."""
        repository, path = self._workspace.repository, ledger.path_of(name)
        entry = repository.entry(head, self._workspace.in_git(path))
        data = repository.blob(entry.id) if entry is not None and entry.mode == FILE else b""
        if (folder.read_file(self._workspace.root, path) or b"") != data:
            raise _Refused("its ledger is not the one that was committed")
        if not data:
            raise _Refused("nobody approved it: there is no decision about it")
        found = ledger.read(name, data, workspace=self._workspace.id)
        if found.problems:
            raise _Refused(f"its ledger is broken: {found.problems[0].message}")
        assert found.latest is not None
        return found, found.latest

    def _check_key(self, decision: Decision, trusted: frozenset[str]) -> None:
        if decision.key not in trusted:
            raise _Refused(f"it was approved with a key that you do not trust ({decision.key})")
        if not decision.digest:
            raise _Refused("it is rolled back")

    def _approved(self, name: str, head: str, decision: Decision) -> dict[str, bytes]:
        """The files that HEAD holds, if they are those that were decided on and those that the work tree shows."""
        repository, path = self._workspace.repository, f"plugins/{name}"
        entries = repository.files(head, self._workspace.in_git(path))
        if any(entry.mode != FILE for entry in entries.values()):
            raise _Refused("HEAD holds what is no plain file in its folder: a link, a submodule or a program")
        files = {below: repository.blob(entry.id) for below, entry in entries.items()}
        if digest_of(files) != decision.digest:
            raise _Refused("HEAD holds other files than were approved")
        if folder.read_files(self._workspace.root, path) != files:
            raise _Refused("its files were edited after they were approved")
        return files

    def _manifest(
        self, name: str, decision: Decision, files: Mapping[str, bytes], approvers: frozenset[str]
    ) -> Manifest:
        from packaging.specifiers import SpecifierSet

        from plugins.manifest import ManifestError

        try:
            manifest = _parsed(files.get("plugin.yaml", b""))
        except ManifestError as error:
            raise _Refused(f"its manifest is not valid: {error}") from error
        if manifest.id != name or manifest.version != decision.version:
            raise _Refused(f"its manifest is that of {manifest.id} {manifest.version}")
        asked = set(manifest.capability_names())
        if asked != set(decision.capabilities):
            raise _Refused("its manifest asks for other capabilities than were approved")
        if not SpecifierSet(manifest.requires).contains(VERSION, prereleases=True):
            raise _Refused(f"it needs Ratchet {manifest.requires}, this is {VERSION}")
        if manifest.runtime != "python":
            raise _Refused(f"there is no runtime {manifest.runtime} here")
        self._check_granted(name, approvers, asked)
        return manifest

    def _check_granted(self, name: str, approvers: frozenset[str], asked: set[str]) -> None:
        """What another person approved reaches nothing of this person's before they granted it themselves."""
        own = host_key(self._state, create=False)
        if self._assumed is not None or (own is not None and own.public.fingerprint in approvers):
            return
        lacking = sorted(asked - grants.of(self._workspace, self._state, name))
        if lacking:
            raise _Refused(f"you have not granted it: {', '.join(lacking)}")


@lru_cache(maxsize=512)
def _parsed(manifest: bytes) -> Manifest:
    """The same bytes are read again at each call."""
    from plugins.manifest import parse_manifest

    return parse_manifest(manifest)


def _needed(standing: Standing) -> list[str]:
    """The plugins that one which may run depends on."""
    return list(standing.manifest.dependencies) if standing.runnable and standing.manifest else []


def _lacks(standing: Standing, others: Mapping[str, Standing]) -> str:
    """The dependency that is not there for a plugin that may run else, in words; "" when nothing is missing."""
    from packaging.specifiers import SpecifierSet

    needed = standing.manifest.dependencies if standing.manifest else {}
    for name in _needed(standing):
        specifier = needed[name]
        other = others.get(name)
        if other is None or not other.runnable:
            return f"it needs {name}, which is not loaded"
        if not SpecifierSet(specifier).contains(other.version, prereleases=True):
            return f"it needs {name} {specifier}, and {other.version} is there"
    return ""
