"""Looking at proposals and deciding on them: review, diff, approve, reject, waive, export, rollback, redo."""

from __future__ import annotations

import base64
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.errors import ApprovalError, StaleError
from repl.answer import Answer
from repl.deciding import load, review_of
from repl.errors import NotAtTerminal
from repl.files import write_new
from repl.payloads import proposal_payload
from repl.proposing import proposal_answer
from repl.review_screen import acknowledge, draw, draw_diff, unified

if TYPE_CHECKING:
    from repl.deciding import Loaded
    from repl.render import Screen
    from repl.session import Session
    from selfmod import approval
    from selfmod.candidate import Candidate
    from selfmod.commit import Commit
    from selfmod.proposal import Proposal, State
    from selfmod.review import Review


def proposals(session: Session, arguments: Namespace) -> Answer:  # noqa: ARG001 - every handler takes both
    """List the proposals of the workspace."""
    found = session.store.all()
    return Answer(
        payload={"proposals": [{**proposal_payload(p, None), "spec": p.spec.text} for p in found]},
        show=lambda screen: _show_proposals(screen, found),
    )


def _show_proposals(screen: Screen, found: tuple[Proposal, ...]) -> None:
    if not found:
        screen.line(screen.typed("There are no proposals yet. Make one: ratchet propose SPEC"))
        return
    rows = [[p.id, p.state, p.plugin, p.version, str(p.attempts), p.spec.text.split("\n")[0]] for p in found]
    screen.table(["id", "state", "plugin", "version", "tried", "asked for"], rows)


def review(session: Session, arguments: Namespace) -> Answer:
    """Show a proposal whole."""
    loaded = load(session, arguments.id)
    return Answer(
        payload={**proposal_payload(loaded.proposal, loaded.report), "files": files_payload(loaded.candidate)},
        show=lambda screen: draw(screen, loaded.view),
    )


def files_payload(candidate: Candidate) -> list[dict[str, str]]:
    """Every file, as a candidate file holds them."""
    found = []
    for path in sorted(candidate.files, key=str.encode):
        try:
            found.append({"path": path, "content": candidate.files[path].decode("utf-8")})
        except UnicodeDecodeError:
            found.append({"path": path, "base64": base64.b64encode(candidate.files[path]).decode("ascii")})
    return found


def diff(session: Session, arguments: Namespace) -> Answer:
    """Show what would change against the approved version."""
    loaded = load(session, arguments.id)
    text = unified(loaded.candidate, loaded.previous)
    return Answer(
        payload={"id": loaded.proposal.id, "plugin": loaded.proposal.plugin, "diff": text},
        show=lambda screen: draw_diff(screen, loaded.candidate, loaded.previous),
    )


def approve(session: Session, arguments: Namespace) -> Answer:
    """Commit exactly what was shown, when a person says so."""
    from selfmod import approval

    with session.store.locked(arguments.id):
        loaded = load(session, arguments.id)
        found = review_of(loaded)
        session.workspace.repository.identity()  # whoever has none is told before they read and answer
        try:
            answer = _scripted(arguments) if arguments.digest else _asked(session, loaded, found)
            made = approval.approve(found, answer, journal=session.journal, thresholds=session.thresholds)
        except StaleError as error:
            session.store.save(loaded.proposal.moved("stale", reason=str(error)))
            raise
    return _changed(session, session.store.load(arguments.id), made)


def _scripted(arguments: Namespace) -> approval.Answer:
    from selfmod import approval

    return approval.Answer(digest=arguments.digest, accepted=tuple(arguments.accept), channel="scripted")


def _asked(session: Session, loaded: Loaded, found: Review) -> approval.Answer:
    from selfmod import approval

    if not session.can_ask:
        flags = "".join(f" --accept {name}" for name in found.acknowledge)
        raise NotAtTerminal(
            "an approval takes a person at a terminal, or the digest of what was reviewed",
            hint=f"ratchet review {found.proposal}, then: ratchet approve {found.proposal} --digest HEX{flags}",
            id=found.proposal,
        )
    # Before anybody reads and answers in vain; what changes meanwhile is found by `approval.approve`.
    approval.refuse_stale(found, session.journal, session.thresholds)
    draw(session.screen, loaded.view)
    accepted = acknowledge(session.screen, loaded.view)
    if accepted is None:
        raise ApprovalError("not approved; it stays pending", id=found.proposal)
    return approval.Answer(digest=found.digest, accepted=accepted, channel="terminal")


def _changed(session: Session, proposal: Proposal, made: Commit) -> Answer:
    """The answer of everything that ends in a commit: the proposal it is about, and what is in force now."""
    decision = made.decision
    payload = {
        "id": proposal.id,
        "state": proposal.state,
        "plugin": decision.plugin,
        "version": proposal.version,
        "digest": proposal.digest,
        "commit": made.commit,
        "now": {"version": decision.version, "digest": decision.digest},
        "left": list(made.left),
    }
    return Answer(payload=payload, show=lambda screen: _show_changed(screen, session, made))


def _show_changed(screen: Screen, session: Session, made: Commit) -> None:
    decision = made.decision
    what = {"approve": "Committed", "rollback": "Rolled back", "redo": "Brought back"}[decision.operation]
    version = f" {decision.version}" if decision.version else ": it is gone"
    screen.line((f"{what} ", "green"), (f"{decision.plugin}{version}", "bold"))
    fields = [("commit", made.commit), ("decided at", decision.channel)]
    commands = [f"/{name}" for name, owner in session.commands().items() if owner == decision.plugin]
    if commands:
        fields.append(("commands", ", ".join(commands)))
    back = "redo" if decision.operation == "rollback" else "rollback"
    fields.append(("way back", screen.typed(f"ratchet {back} {decision.plugin}")))
    screen.fields(fields)
    for path in made.left:
        screen.line(("  left as you have it: ", "yellow"), path)


def reject(session: Session, arguments: Namespace) -> Answer:
    """Put a proposal away, with the reason."""
    with session.store.locked(arguments.id) as proposal:
        rejected = session.store.save(proposal.moved("rejected", reason=arguments.reason))
    session.events.append("rejected", proposal=rejected.id, plugin=rejected.plugin, reason=arguments.reason)
    payload = proposal_payload(rejected, session.store.report(rejected.id) if rejected.attempt else None)
    return Answer(payload=payload, show=lambda screen: screen.line(f"{rejected.id} is put away."))


def export(session: Session, arguments: Namespace) -> Answer:
    """Write the files of a proposal into a new folder."""
    loaded = load(session, arguments.id)
    target = Path(arguments.dir).expanduser()
    write_new(target, loaded.candidate, arguments.id)
    paths = sorted(loaded.candidate.files)
    return Answer(
        payload={"id": arguments.id, "folder": str(target), "files": paths, "digest": loaded.candidate.digest},
        show=lambda screen: screen.line(f"{len(paths)} files are in {target}"),
    )


def waive(session: Session, arguments: Namespace) -> Answer:
    """Accept one finding of exactly these bytes."""
    session.working_on = arguments.id
    return proposal_answer(session, session.pipeline.waive(arguments.id, arguments.finding, arguments.reason))


def rollback(session: Session, arguments: Namespace) -> Answer:
    """Take a plugin back by a new commit."""
    from selfmod import rollback as back

    made = back.rollback(arguments.plugin, journal=session.journal, to=arguments.to or "", channel=session.channel)
    return _after_change(session, made)


def redo(session: Session, arguments: Namespace) -> Answer:
    """Bring back what the last rollback took away."""
    from selfmod import rollback as back

    made = back.redo(arguments.plugin, journal=session.journal, channel=session.channel)
    return _after_change(session, made)


def _after_change(session: Session, made: Commit) -> Answer:
    moved = [proposal for proposal in session.store.all() if proposal.commit == made.commit]
    return _changed(session, moved[-1] if moved else _unknown(made), made)


def _unknown(made: Commit) -> Proposal:
    """Stands for a proposal that was made on another machine: only what the decision says of it is known."""
    from selfmod.proposal import Proposal
    from selfmod.spec import Spec

    decision = made.decision
    state: State = "rolled-back" if decision.operation == "rollback" else "committed"
    return Proposal(
        id=decision.proposal, spec=Spec(text=decision.spec), state=state, plugin=decision.plugin,
        version=decision.version, digest=decision.digest,
    )  # fmt: skip
