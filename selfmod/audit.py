"""`audit verify`: whether what is there is what was decided and recorded, and what cannot be known from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugins import anchors, folder, ledger, settings, trust
from plugins.decision import Decision
from plugins.errors import RatchetError
from plugins.events import FOLDER as EVENT_FOLDER
from plugins.events import Anchor, Log
from plugins.history import note
from plugins.keys import host_key
from plugins.ledger import Problem
from plugins.repository import EVENTS
from plugins.state import UserState
from plugins.workspace import Workspace
from selfmod.journal import Journal
from selfmod.past import Past, Step
from selfmod.store import Store

UNKNOWABLE = (
    "what happened after the last anchor of the event log, if its tail was cut since",
    "a consistent rewrite by somebody who holds the key and this account's user state",
    "whether a person read what they approved",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was found. `notes` are not problems: "moved, bytes identical" after a rebase, a change under way."""

    scope: str
    decisions: int = 0
    events: int = 0
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found that is not as it was recorded."""
        return not self.problems

    def to_json(self) -> dict[str, object]:
        """What `audit verify --json` prints."""
        return {
            "ok": self.ok,
            "scope": self.scope,
            "decisions": self.decisions,
            "events": self.events,
            "missing": list(self.missing),
            "problems": [problem.to_json() for problem in self.problems],
            "notes": [found.to_json() for found in self.notes],
            "cannot_know": list(UNKNOWABLE),
        }


def verify(workspace: Workspace, state: UserState) -> AuditReport:
    """Check every decision, every commit under `plugins/`, the work tree and the event log."""
    return _Audit(workspace, state).report()


class _Audit:
    """One run: what is read once, and what was found so far."""

    def __init__(self, workspace: Workspace, state: UserState) -> None:
        self._workspace, self._state, self._repository = workspace, state, workspace.repository
        self._past = Past(workspace)
        self._log = workspace.events(state)
        self._problems: list[Problem] = []
        self._notes: list[Problem] = []
        self._missing: list[str] = []
        self._without_note = 0
        self._in_git = self._anchored()

    def report(self) -> AuditReport:
        read = self._log.read()
        count, steps = self._ledgers(), list(self._past.steps())
        for step in steps:
            self._step(step)
        self._work_tree()
        scope = "clone"
        if self._is_origin(read):
            scope = "origin"
            self._events(read, decided=bool(steps))
        elif not steps and self._is_untouched():
            scope = "origin"
            self._note("empty", EVENT_FOLDER, "nothing was recorded or decided here yet")
        self._evidence(scope)
        return AuditReport(
            scope=scope,
            decisions=count,
            events=len(read.events),
            missing=tuple(self._missing),
            problems=tuple(dict.fromkeys(self._problems)),
            notes=tuple(dict.fromkeys(self._notes)),
        )

    def _is_origin(self, read: Log) -> bool:
        """Whether events were recorded in this clone: files, or either anchor, say so; losing one does not hide it."""
        return bool(read.events or read.torn or self._log.anchor().count or self._in_git)

    def _is_untouched(self) -> bool:
        """Whether an event log that is not there was never begun, where nothing was decided: this account made the
        workspace, no other has a key in it, and its user state knows of no proposal, each of which is an event.
        """
        key = host_key(self._state, create=False)
        signers = {signer.key.fingerprint for signer in self._workspace.signers()}
        own = key is not None and signers == {key.public.fingerprint}
        made_here = own and trust.is_trusted(self._workspace, self._state)
        return made_here and not Store(self._state, self._workspace.root).any()

    def _ledgers(self) -> int:
        """The ledgers as HEAD holds them: lines, chain, keys."""
        head, count = self._repository.head(), 0
        trusted = trust.fingerprints(self._workspace, self._state)
        vouched = trust.is_trusted(self._workspace, self._state)
        offered = {signer.key.fingerprint for signer in self._workspace.signers()}
        unknown: set[str] = set()
        if not self._workspace.id:
            self._problem("no-workspace-id", settings.FILE, "it has no workspace.id: decisions could be from anywhere")
        for plugin in self._past.decided(head):
            found = ledger.read(plugin, self._past.ledger(head, plugin), workspace=self._workspace.id)
            self._problems += found.problems
            count += len(found.decisions)
            for number, decision in enumerate(found.decisions, start=1):
                where = f"{ledger.path_of(plugin)}:{number}"
                if decision.key in trusted:
                    continue
                if decision.key in offered and not vouched:
                    unknown.add(decision.key)
                else:
                    self._problem("unknown-key", where, f"signed with {decision.key}, which you do not trust")
        self._missing += [f"trust in the key {key}: ratchet trust shows it" for key in sorted(unknown)]
        return count

    def _step(self, step: Step) -> None:
        """One commit that changed one plugin or its ledger."""
        where = f"{step.commit[:12]} plugins/{step.plugin}"
        for before in step.before:
            if not step.after.ledger.startswith(before.ledger):
                self._problem(
                    "decision-dropped", where, "this commit changes or drops decisions that were there before"
                )
                return
        if len(step.before) > 1 and step.after in step.before:
            return  # a merge that took one side as it was
        first = step.before[0] if step.before else None
        added = step.after.ledger[len(first.ledger) if first else 0 :]
        new = ledger.read(step.plugin, added).decisions
        if not new:
            if first is None or step.after.digest != first.digest:
                self._problem("undecided", where, "this commit changes the plugin without a decision")
            return
        if new[-1].digest != step.after.digest:
            self._problem("undecided", where, "this commit holds other files than were decided")
            return
        self._placed(step, new, where)

    def _placed(self, step: Step, new: tuple[Decision, ...], where: str) -> None:
        """Whether a decision is where it was made; and the report in its note."""
        decision, commit = new[-1], self._repository.commit(step.commit)
        if commit.signature and not self._past.signed_alike(commit, decision):
            self._problem("commit-signature", where, "the signature of this commit is not good")
        elif len(new) > 1 or commit.parents[:1] != (decision.parent,) or not commit.signature:
            self._note("moved", where, "moved, bytes identical: rebased, squashed or amended after it was decided")
        self._reported(step, decision, where)

    def _reported(self, step: Step, decision: Decision, where: str) -> None:
        if not decision.report or decision.operation != "approve":
            return
        text = note(self._repository, step.commit)
        if text is None:
            self._without_note += 1
        elif self._past.hash_of(text) != decision.report:
            self._problem("report-changed", where, "the gate's report in the note is not the one that was decided on")

    def _work_tree(self) -> None:
        """What is on the disk is what HEAD holds."""
        head, root = self._repository.head(), self._workspace.root
        for plugin in sorted({*self._past.plugins(head), *self._past.decided(head)}):
            where = f"plugins/{plugin}"
            try:
                files = folder.read_files(root, where)
                decided = folder.read_file(root, ledger.path_of(plugin)) or b""
            except RatchetError as error:
                self._problem("changed", where, error.message)
                continue
            if files != self._past.files(head, plugin):
                self._problem("changed", where, "the files are not those that were committed")
            if decided != self._past.ledger(head, plugin):
                self._problem(
                    "decision-changed", ledger.path_of(plugin), "the ledger is not the one that was committed"
                )

    def _events(self, read: Log, *, decided: bool) -> None:
        self._problems += read.problems
        if read.torn:
            self._note("torn", read.torn.path, "the last line was cut short by a crash; the next event takes it out")
        own = self._log.anchor()
        self._problems += self._log.against(read, own, "user state")
        self._problems += self._log.against(read, self._in_git or Anchor(), EVENTS)
        if not own.count:
            self._missing.append("the anchor of the event log in user state: another account or machine wrote it")
        if self._in_git is None and (decided or any(event.kind == "committed" for event in read.events)):
            self._missing.append(f"the anchor of the event log in {EVENTS}")
        for event in read.events:
            if event.kind == "committed":
                self._kept(event.fields, event.where)

    def _kept(self, fields: dict[str, object], where: str) -> None:
        """A decision that was recorded is still there: in a ledger of HEAD, or on some branch."""
        plugin, wanted, commit = (str(fields.get(name, "")) for name in ("plugin", "decision", "commit"))
        data = self._past.ledger(self._repository.head(), plugin)
        if any(decision.hash == wanted for decision in ledger.read(plugin, data).decisions):
            return
        if self._repository.has(commit) and self._repository.refs_with(commit):
            return
        operation = fields.get("operation", "decision")
        self._problem(
            "decision-missing", where, f"the {operation} of {plugin} ({commit[:12]}) is in no branch any more"
        )

    def _anchored(self) -> Anchor | None:
        try:
            return anchors.read(self._workspace)
        except ValueError:
            self._problem("anchor-changed", EVENTS, "this ref does not hold an anchor")
            return None

    def _evidence(self, scope: str) -> None:
        """What could not be looked at."""
        if scope == "clone":
            self._missing.append(f"the event log ({EVENT_FOLDER}): it stays where the decisions were made")
        if self._without_note:
            how = "git fetch origin 'refs/notes/*:refs/notes/*'"
            self._missing.append(f"{self._without_note} gate report(s): notes are not fetched ({how})")
        if self._repository.shallow:
            self._missing.append("the history before the point where this clone was cut (git fetch --unshallow)")
        if Journal(workspace=self._workspace, state=self._state).pending():
            self._note(
                "interrupted", "user state", "a change is under way, or was interrupted; the next start finishes it"
            )

    def _problem(self, kind: str, where: str, message: str) -> None:
        self._problems.append(Problem(kind=kind, where=where, message=message))

    def _note(self, kind: str, where: str, message: str) -> None:
        self._notes.append(Problem(kind=kind, where=where, message=message))


def show(report: AuditReport) -> Iterator[str]:
    """The report in plain lines; they can hold names from the workspace, so escape them before a terminal."""
    verdict = "ok" if report.ok else "BROKEN"
    yield f"{verdict}: {report.decisions} decisions, {report.events} events, scope {report.scope}"
    yield from (f"problem  {found.kind}  {found.where}: {found.message}" for found in report.problems)
    yield from (f"note     {found.where}: {found.message}" for found in report.notes)
    yield from (f"missing  {what}" for what in report.missing)
    yield from (f"unknown  {what}" for what in UNKNOWABLE)
