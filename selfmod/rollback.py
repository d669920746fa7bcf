"""Rollback and redo: commits with decisions of their own, never a reset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plugins import trust
from plugins.decision import Channel, Decision, Operation
from plugins.digest import digest_of
from plugins.errors import ApprovalError, AuditError, ConflictError, NotFoundError
from plugins.history import history
from plugins.keys import required_key
from plugins.ledger import Ledger
from plugins.workspace import Workspace, plugin_id
from selfmod import commit
from selfmod.approval import stamp
from selfmod.candidate import Candidate
from selfmod.clock import Clock, wall_clock
from selfmod.journal import Journal
from selfmod.review import committed, read_ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The approvals of a plugin that can be in force, oldest first, and which one is (-1: none)."""

    approved: tuple[Decision, ...] = ()
    position: int = -1

    @property
    def current(self) -> Decision | None:
        """The approval in force."""
        return self.approved[self.position] if self.position >= 0 else None


def versions(ledger: Ledger) -> Versions:
    """Follow a ledger: an approval goes on top, a rollback goes down, a redo goes up again."""
    approved: list[Decision] = []
    position = -1
    for decision in ledger.decisions:
        match decision.operation:
            case "approve":
                approved = [*approved[: position + 1], decision]
                position += 1
            case "rollback":
                position = _below(approved, position, decision.digest)
            case "redo":
                position = min(position + 1, len(approved) - 1)
    return Versions(approved=tuple(approved), position=position)


def rollback(
    plugin: str, *, journal: Journal, to: str = "", channel: Channel = "scripted", clock: Clock = wall_clock
) -> commit.Commit:
    """Take a plugin back to the version before, or to `to`; before its first version it is removed."""
    with journal.workspace.lock():
        journal.recover()
        found = _usable(journal, plugin)
        target = _target(found, plugin, to)
        _refuse_needed(journal.workspace, plugin, found.approved[target].version if target >= 0 else "")
        undone = tuple(decision.proposal for decision in found.approved[target + 1 : found.position + 1])
        return _restore(journal, "rollback", plugin, found, target, undone, channel, clock)


def redo(plugin: str, *, journal: Journal, channel: Channel = "scripted", clock: Clock = wall_clock) -> commit.Commit:
    """Bring back what the last rollback took away, one version a time."""
    with journal.workspace.lock():
        journal.recover()
        found = _usable(journal, plugin)
        target = found.position + 1
        if target >= len(found.approved):
            raise NotFoundError(f"there is nothing to redo for {plugin}", id=plugin)
        return _restore(journal, "redo", plugin, found, target, (found.approved[target].proposal,), channel, clock)


def dependents(workspace: Workspace, plugin: str, version: str) -> tuple[str, ...]:
    """The committed plugins that need `plugin` in another version than `version` ("" for gone)."""
    from packaging.specifiers import SpecifierSet

    from plugins.manifest import ManifestError, parse_manifest

    found = []
    for name in workspace.plugin_ids():
        files = committed(workspace, name) if name != plugin else None
        if files is None or "plugin.yaml" not in files.files:
            continue
        try:
            needed = parse_manifest(files.files["plugin.yaml"]).dependencies.get(plugin)
        except ManifestError:
            continue  # it cannot be loaded, so it needs nothing
        if needed is not None and not (version and SpecifierSet(needed).contains(version, prereleases=True)):
            found.append(name)
    return tuple(found)


def files_of(workspace: Workspace, plugin: str, digest: str) -> Candidate:
    """The files with a digest as the history holds them."""
    repository = workspace.repository
    path = workspace.in_git(f"plugins/{plugin}")
    for touch in reversed(history(repository, repository.head(), path)):
        entries = repository.files(touch.commit, path)
        files = {name: repository.blob(entry.id) for name, entry in entries.items()}
        if files and digest_of(files) == digest:
            return Candidate(files=files)
    raise AuditError(
        f"the history does not hold the approved files of {plugin} any more",
        hint="run: ratchet audit verify",
        id=plugin,
    )


def _steps(workspace: Workspace, plugin: str, found: Versions, target: int) -> list[str]:
    """The newest commit that led from each version to the next, for all that is taken back, the last step first.

    A step that no single commit made (an edit came between) has none.
    """
    digests = ["", *(decision.digest for decision in found.approved)]  # each version after what was there before it
    wanted = [(digests[place], digests[place + 1]) for place in range(found.position, target, -1)]
    made: dict[tuple[str, str], str] = {}
    path, repository = workspace.in_git(f"plugins/{plugin}"), workspace.repository
    for touch in history(repository, repository.head(), path):
        before = _digest_at(workspace, touch.parents[0], path) if touch.parents else ""
        made[before, _digest_at(workspace, touch.commit, path)] = touch.commit
    return [made[step] for step in wanted if step in made]


def _digest_at(workspace: Workspace, commit_id: str, path: str) -> str:
    """The digest of a plugin as a commit holds it, "" where it has none."""
    entries = workspace.repository.files(commit_id, path)
    files = {name: workspace.repository.blob(entry.id) for name, entry in entries.items()}
    return digest_of(files) if files else ""


def _restore(
    journal: Journal,
    operation: Operation,
    plugin: str,
    found: Versions,
    target: int,
    proposals: Iterable[str],
    channel: Channel,
    clock: Clock,
) -> commit.Commit:
    """Decide for the approved version at `target`, and commit it as it was."""
    workspace = journal.workspace
    chosen = found.approved[target] if target >= 0 else None
    files = files_of(workspace, plugin, chosen.digest) if chosen else None
    if chosen and chosen.key not in trust.fingerprints(workspace, journal.state):
        raise ApprovalError(f"{plugin} {chosen.version} was approved with a key you do not trust", id=plugin)
    at = commit.place(workspace)
    commit.refuse_dirty(workspace, plugin, at.commit)
    author, key, now = workspace.repository.identity(), required_key(journal.state), clock()
    replaced = found.current
    decision = Decision(
        operation=operation,
        workspace=workspace.id,
        plugin=plugin,
        digest=chosen.digest if chosen else "",
        version=chosen.version if chosen else "",
        approver=str(author),
        time=stamp(now),
        channel=channel,
        parent=at.commit,
        key="",
        previous=read_ledger(workspace, plugin).tip,
        revoked=replaced.digest if replaced else "",
        capabilities=chosen.capabilities if chosen else (),
        report=chosen.report if chosen else "",
        gate=chosen.gate if chosen else "",
        waivers=chosen.waivers if chosen else (),
        spec=chosen.spec if chosen else "",
        model=chosen.model if chosen else "",
        tried=chosen.tried if chosen else 1,
        proposal=chosen.proposal if chosen else "",
    ).signed(key)
    undone = _steps(workspace, plugin, found, target) if operation == "rollback" else []
    subject, body = _words(operation, plugin, chosen, replaced, undone)
    return commit.carry_out(
        journal,
        decision,
        files,
        at=at,
        key=key,
        author=author,
        message=commit.message(subject, body, commit.trailers(decision, None)),
        time=int(now),
        proposals=tuple(name for name in proposals if name),
    )


def _words(
    operation: Operation, plugin: str, chosen: Decision | None, replaced: Decision | None, undone: list[str]
) -> tuple[str, str]:
    """The subject and the body of the commit, which names the commits whose changes it takes back."""
    if operation == "redo" and chosen:
        return f"Bring back {plugin} {chosen.version}", ""
    body = f"This reverts commit{'s' if len(undone) > 1 else ''} {', '.join(undone)}." if undone else ""
    if chosen:
        return f"Roll back {plugin} to {chosen.version}", body
    return f"Roll back {plugin}: remove {replaced.version if replaced else 'it'}", body


def _usable(journal: Journal, plugin: str) -> Versions:
    """The versions of a plugin whose ledger is as it was signed."""
    trust.require(journal.workspace, journal.state)
    ledger = read_ledger(journal.workspace, plugin_id(plugin))
    if ledger.problems:
        problem = ledger.problems[0]
        raise AuditError(f"{problem.where}: {problem.message}", hint="run: ratchet audit verify", id=plugin)
    if not ledger.decisions:
        raise NotFoundError(f"there is no plugin {plugin} that was ever approved", id=plugin)
    return versions(ledger)


def _target(found: Versions, plugin: str, to: str) -> int:
    if found.position < 0:
        raise NotFoundError(f"{plugin} is rolled back as far as it goes", hint="redo brings it back", id=plugin)
    if not to:
        return found.position - 1
    for index in range(found.position - 1, -1, -1):
        if found.approved[index].version == to:
            return index
    known = ", ".join(decision.version for decision in found.approved[: found.position]) or "none"
    raise NotFoundError(f"{plugin} has no earlier version {to}", hint=f"earlier versions: {known}", id=plugin)


def _refuse_needed(workspace: Workspace, plugin: str, version: str) -> None:
    needing = dependents(workspace, plugin, version)
    if needing:
        raise ConflictError(
            f"{', '.join(needing)} need{'s' if len(needing) == 1 else ''} {plugin} as it is",
            hint="roll those back first",
            id=plugin,
        )


def _below(approved: list[Decision], position: int, digest: str) -> int:
    for index in range(position - 1, -1, -1):
        if digest and approved[index].digest == digest:
            return index
    return -1
