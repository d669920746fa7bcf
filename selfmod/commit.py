"""The commit of a decision: the plugin's files and the ledger line, nothing else, and a message that says why."""

from __future__ import annotations

import json
import secrets
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plugins import change, ledger, objects
from plugins.decision import Decision
from plugins.errors import RepositoryError
from plugins.keys import HostKey
from plugins.objects import Person
from plugins.workspace import Workspace
from sandbox.text import visible
from selfmod.candidate import Candidate
from selfmod.gate.report import GateReport
from selfmod.journal import Change, Journal
from selfmod.review import committed, read_ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a decision led to. `left` are paths of the work tree that somebody changed meanwhile, left as they were."""

    commit: str
    decision: Decision
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The branch that is checked out, and the commit it is at."""

    ref: str
    commit: str


def place(workspace: Workspace) -> Place:
    """Where a commit would go; raises RepositoryError where none can."""
    repository = workspace.repository
    ref, commit = repository.branch(), repository.head()
    if not ref:
        raise RepositoryError("HEAD is detached: no branch would hold the commit", hint="run: git switch -c NAME")
    if not commit:
        raise RepositoryError(f"the branch {ref} has no commit yet", hint="make the first commit, or run: ratchet init")
    for name, what in (("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert")):
        if (repository.git_dir / name).exists():
            raise RepositoryError(f"a {what} is not finished", hint=f"finish it, or run: git {what} --abort")
    if any((repository.git_dir / name).exists() for name in ("rebase-merge", "rebase-apply")):
        raise RepositoryError("a rebase is not finished", hint="finish it, or run: git rebase --abort")
    return Place(ref=ref, commit=commit)


def refuse_dirty(workspace: Workspace, plugin: str, commit: str) -> None:
    """Refuse when the person has uncommitted work where the commit would write."""
    paths = [workspace.in_git(f"plugins/{plugin}"), workspace.in_git(ledger.path_of(plugin))]
    change.refuse_dirty(workspace.repository, commit, paths)


def carry_out(
    journal: Journal,
    decision: Decision,
    files: Candidate | None,
    *,
    at: Place,
    key: HostKey,
    author: Person,
    message: str,
    time: int,
    report: GateReport | None = None,
    proposals: tuple[str, ...] = (),
) -> Commit:
    """Commit a decision with the files that are to be there (None removes the plugin), and see it through."""
    workspace = journal.workspace
    text = note_text(report) if report else b""
    built = change.build(
        workspace.repository,
        at.commit,
        _contents(workspace, decision, files),
        message=message,
        author=author,
        time=time,
        sign=change.signing(key),
    )
    planned = Change(
        id=secrets.token_hex(8),
        operation=decision.operation,
        plugin=decision.plugin,
        proposals=proposals,
        ref=at.ref,
        old=at.commit,
        new=built.commit,
        edits=tuple(edit for edit in built.edits if edit.old != edit.new),
        author=author,
        time=time,
        event={"decision": decision.hash, "digest": decision.digest, "version": decision.version,
               "channel": decision.channel, "capabilities": list(decision.capabilities)},
        grants=decision.capabilities,
        note=objects.make("blob", text, workspace.repository.algorithm).id if text else "",
    )  # fmt: skip
    left = journal.run(planned, built, text)
    return Commit(commit=built.commit, decision=decision, left=left)


def note_text(report: GateReport) -> bytes:
    """The whole report as its hash is computed from it, on one line."""
    return json.dumps(report.statement(), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def message(subject: str, body: str, trailers: Iterable[tuple[str, str]]) -> str:
    """A commit message. Foreign text is made visible and indented: it can neither hide nor pass for a trailer."""
    paragraphs = [textwrap.fill(visible(line), 100) for line in body.splitlines()]
    quoted = textwrap.indent("\n".join(paragraphs).strip(), "    ")
    lines = [f"{name}: {_one_line(value)}" for name, value in trailers if value]
    return "\n\n".join(part for part in (_one_line(subject), quoted, "\n".join(lines)) if part) + "\n"


def trailers(decision: Decision, report: GateReport | None) -> list[tuple[str, str]]:
    """What a reader of the history needs to check the decision; what does not apply is left out."""
    return [
        ("Proposal", decision.proposal),
        ("Candidate-Digest", decision.digest),
        ("Gate", _gate(report) if report else ""),
        ("Report", decision.report),
        *(("Waived", f"{waived.finding} ({waived.reason})") for waived in decision.waivers),
        ("Model", decision.model),
        ("Candidates-Tried", str(decision.tried) if report else ""),
        ("Approved-by", decision.approver),
        ("Approved-via", decision.channel),
        ("Decision", decision.hash),
    ]


def _gate(report: GateReport) -> str:
    """Version, coverage and mutation, as far as those stages ran."""
    parts = [report.gate_version]
    for stage, names in (("coverage", ("lines", "branches")), ("mutation", ("value", "raw"))):
        result = report.stage(stage)
        figures: Mapping[str, object] = result.figures if result is not None and result.applicable else {}
        shown = [f"{name} {value:.2f}" for name in names if isinstance(value := figures.get(name), int | float)]
        if shown:
            parts.append(f"{stage} {' '.join(shown)}")
    return "; ".join(parts)


def _contents(workspace: Workspace, decision: Decision, files: Candidate | None) -> dict[str, bytes | None]:
    """Every path the commit changes: the files that are to be there, those that are to go, and the ledger."""
    plugin = decision.plugin
    before, after = committed(workspace, plugin), files.files if files else {}
    contents: dict[str, bytes | None] = {
        workspace.in_git(f"plugins/{plugin}/{path}"): None for path in (before.files if before else ())
    }
    contents |= {workspace.in_git(f"plugins/{plugin}/{path}"): data for path, data in after.items()}
    contents[workspace.in_git(ledger.path_of(plugin))] = read_ledger(workspace, plugin).with_line(decision)
    return contents


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
