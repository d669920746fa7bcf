"""The journal: approve, rollback and redo as named steps that a crash can interrupt anywhere.

A change is written down before its first step and struck out after its last. What is found written down at the next
start was interrupted: when its commit is on the branch the remaining steps are done, else what came before is undone.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from plugins import anchors, folder, grants, objects
from plugins import change as changes
from plugins.change import Built, Edit, IndexLock
from plugins.errors import AuditError, RatchetError, RepositoryError, StateError
from plugins.events import Anchor, EventLog, Planned
from plugins.history import note, with_note
from plugins.objects import GitObject, Person
from plugins.repository import EVENTS, NOTES
from plugins.state import UserState, workspace_key
from plugins.workspace import Workspace

_FILE = "journal.json"
_TRIES = 3
_Move: TypeAlias = tuple[list[GitObject], tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything the steps need, so that another process can finish them. `note` is the id of a stored blob, or ""."""

    id: str
    operation: str
    plugin: str
    proposals: tuple[str, ...]
    ref: str
    old: str
    new: str
    edits: tuple[Edit, ...]
    author: Person
    time: int
    event: Mapping[str, object]
    grants: tuple[str, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, object]:
        """As the journal holds it."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What the start after a crash did about a change: "finished" or "undone"."""

    change: Change
    outcome: str
    message: str


Settle = Callable[[Change], None]


@dataclass(slots=True, kw_only=True)
class Journal:
    """Carries changes out. `settle` is told of each finished one, also of one that is finished after a crash.

    It must come to the same when it is told twice. `recovered` is what was found interrupted so far, to be said.
    """

    workspace: Workspace
    state: UserState
    settle: Settle | None = None
    recovered: list[Recovered] = field(default_factory=list)
    _log: EventLog = field(init=False)

    def __post_init__(self) -> None:
        self._log = self.workspace.events(self.state)

    def run(self, change: Change, built: Built, note_text: bytes = b"") -> tuple[str, ...]:
        """Carry out a change. The caller holds the workspace's lock. Returns what had to be left as it was."""
        planned = self._log.plan("committed", **change.event, **_told(change))
        changes.store(self.workspace.repository, built, self._side_objects(change, note_text, planned))
        self.state.write_json(self._path, change.to_json())
        try:
            IndexLock(self.workspace.repository, change.id).take()
            self.workspace.repository.move(change.ref, change.new, change.old)
        except BaseException:  # an interrupt, too, leaves it all or nothing
            self._undo(change)
            raise
        try:
            return self._finish(change, planned)
        except (RatchetError, OSError) as error:
            raise StateError(
                f"the commit {change.new[:12]} is made, but a later step failed: {error}",
                hint="the next start of Ratchet finishes it",
                id=change.plugin,
            ) from error

    def recover(self) -> Recovered | None:
        """Finish or undo what a crash interrupted; None when there is nothing. Takes the workspace's lock."""
        if self._read() is None:
            return None
        with self.workspace.lock():
            change = self._read()
            if change is None:  # another Ratchet did it, or was in the middle of it
                return None
            healed = self._log.heal()
            repository = self.workspace.repository
            if repository.is_ancestor(change.new, repository.resolve(change.ref)):
                left = self._finish(change, None)
                self.recovered.append(_recovered(change, "finished", left, healed))
            else:
                self._log.append("undone", **_told(change))
                self._undo(change)
                self.recovered.append(_recovered(change, "undone", (), healed))
            return self.recovered[-1]

    def pending(self) -> bool:
        """Whether a change is written down: one that is under way, or that a crash interrupted."""
        return self._read() is not None

    def _finish(self, change: Change, planned: Planned | None) -> tuple[str, ...]:
        """The steps after the branch moved; each can be done again. Planned is only what nothing interrupted."""
        left = self._files(change, resumed=planned is None)
        if planned is not None:
            self._log.write(planned)
        elif not self._recorded(change):
            self._log.append("committed", **change.event, **_told(change), recovered=True)
        self._side_refs(change)
        if change.operation == "approve":  # nothing was shown for a rollback or a redo, so they grant nothing
            grants.put(self.workspace, self.state, change.plugin, change.grants)
        if self.settle is not None:
            self.settle(change)
        self.state.disk.remove(self._path)
        return left

    def _files(self, change: Change, *, resumed: bool) -> tuple[str, ...]:
        """Bring index and work tree up to date, unless the person is on another branch by now."""
        repository, lock = self.workspace.repository, IndexLock(self.workspace.repository, change.id)
        if resumed and repository.branch() != change.ref:
            lock.release()
            return tuple(edit.path for edit in change.edits)
        lock.take()
        edits = self._open_edits(change) if resumed else change.edits
        if edits:
            lock.update(edits)
        left = changes.update_tree(repository, edits, change.id)
        folder.remove_empty(repository.top, self.workspace.in_git(f"plugins/{change.plugin}"))
        lock.release()
        return left

    def _open_edits(self, change: Change) -> tuple[Edit, ...]:
        """The edits that are still what the branch holds and that nobody staged over meanwhile."""
        repository = self.workspace.repository
        head, index = repository.head(), repository.index(*(edit.path for edit in change.edits))
        staged = {path: entry.id for path, entry in index.items()}
        return tuple(
            edit
            for edit in change.edits
            if _id(repository.entry(head, edit.path)) == edit.new and staged.get(edit.path, "") in (edit.old, edit.new)
        )

    def _side_objects(self, change: Change, note_text: bytes, planned: Planned) -> list[GitObject]:
        """The objects of the note and of the anchor, stored with the commit: one git process in place of three."""
        repository = self.workspace.repository
        event = planned.event
        made = [anchors.with_anchor(self.workspace, Anchor(count=event.n, head=event.hash))]
        if note_text:
            tip = repository.resolve(NOTES)
            made += with_note(repository, tip, change.new, note_text, change.author, change.time)
        return made

    def _side_refs(self, change: Change) -> None:
        """Bring the notes and the anchor of the event log up to date; others may move the notes at the same time."""
        repository = self.workspace.repository
        for attempt in range(_TRIES):
            moves = [] if not change.note else self._note_move(change)
            made = anchors.with_anchor(self.workspace, self._log.anchor())
            now = repository.resolve(EVENTS)
            if now != made.id:
                moves.append(([made], (EVENTS, made.id, now)))
            repository.store([item for made, _ in moves for item in made if not repository.has(item.id)])
            try:
                repository.move_all([move for _, move in moves])
                return
            except RepositoryError:
                if attempt == _TRIES - 1:
                    raise

    def _note_move(self, change: Change) -> list[_Move]:
        repository = self.workspace.repository
        if note(repository, change.new) is not None:
            return []
        tip = repository.resolve(NOTES)
        made = with_note(repository, tip, change.new, repository.blob(change.note), change.author, change.time)
        return [(made, (NOTES, made[-1].id, tip))]

    def _recorded(self, change: Change) -> bool:
        """Whether the event of this change is in the log already."""
        return any(event.fields.get("change") == change.id for event in self._log.read().events)

    def _undo(self, change: Change) -> None:
        """Leave nothing of a change whose commit is not on the branch; the stored objects are git's to collect."""
        repository = self.workspace.repository
        IndexLock(repository, change.id).release()
        parents = {str(Path(edit.path).parent) for edit in change.edits}
        folder.remove_temporary(repository.top, parents, change.id)
        self.state.disk.remove(self._path)

    @property
    def _path(self) -> Path:
        return self.state.path("workspaces", workspace_key(self.workspace.root), _FILE)

    def _read(self) -> Change | None:
        data = self.state.read(*self._path.relative_to(self.state.root).parts)
        if data is None:
            return None
        try:
            held = json.loads(data)
            edits = tuple(Edit(**edit) for edit in held.pop("edits"))
            lists = {name: tuple(held.pop(name)) for name in ("grants", "proposals")}
            return Change(**held | lists | {"edits": edits, "author": Person(**held["author"])})
        except (ValueError, TypeError, KeyError) as error:
            raise AuditError(
                f"{self._path} cannot be read", hint="move it away and run: ratchet audit verify"
            ) from error


def anchor(workspace: Workspace, log: EventLog) -> None:
    """Write the head of the event log to `refs/ratchet/events`, where cutting the log does not reach it."""
    repository = workspace.repository
    made, now = anchors.with_anchor(workspace, log.anchor()), repository.resolve(EVENTS)
    if now != made.id:
        repository.store([made])
        repository.move(EVENTS, made.id, now)


def _told(change: Change) -> dict[str, object]:
    return {
        "change": change.id,
        "operation": change.operation,
        "plugin": change.plugin,
        "proposals": list(change.proposals),
        "commit": change.new,
        "ref": change.ref,
    }


def _recovered(change: Change, outcome: str, left: tuple[str, ...], healed: str) -> Recovered:
    what = f"{change.operation} of {change.plugin}"
    if outcome == "finished":
        message = f"a crash interrupted the {what} after its commit {change.new[:12]}: it is finished now"
    else:
        message = f"a crash interrupted the {what} before its commit: nothing of it was kept"
    if left:
        message += f"; left as you have them: {', '.join(left)}"
    return Recovered(change=change, outcome=outcome, message=f"{message}; {healed}" if healed else message)


def _id(entry: objects.Entry | None) -> str:
    return entry.id if entry else ""
