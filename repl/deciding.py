"""From a stored proposal to what is decided about it: the review, the approval's answer, and what is settled after."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugins.errors import ApprovalError, GateRefused, StateError
from repl.review_screen import View

if TYPE_CHECKING:
    from plugins.workspace import Workspace
    from repl.session import Session
    from selfmod.candidate import Candidate
    from selfmod.journal import Change, Settle
    from selfmod.proposal import Proposal, State
    from selfmod.review import Review
    from selfmod.store import Store

_AFTER: dict[str, State] = {"approve": "committed", "redo": "committed", "rollback": "rolled-back"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A proposal with the files and the report that it stands for."""

    proposal: Proposal
    candidate: Candidate
    previous: Candidate | None
    report: dict[str, object] | None

    @property
    def view(self) -> View:
        """What is drawn of it."""
        return View(proposal=self.proposal, candidate=self.candidate, report=self.report, previous=self.previous)


def load(session: Session, proposal_id: str) -> Loaded:
    """Read a proposal with what it stands for; StateError where it has no files yet."""
    from selfmod.review import committed

    store = session.store
    proposal = store.load(proposal_id)
    candidate = store.candidate(proposal_id) if proposal.attempt else None
    if candidate is None:
        raise StateError(
            f"{proposal_id} has no files yet: it is {proposal.state}",
            hint=f"go on with: ratchet resume {proposal_id}",
            id=proposal_id,
        )
    previous = committed(session.workspace, proposal.plugin) if proposal.plugin else None
    return Loaded(proposal=proposal, candidate=candidate, previous=previous, report=store.report(proposal_id))


def review_of(loaded: Loaded) -> Review:
    """Return what a decision would be about; ApprovalError where the proposal is not one that can be decided on."""
    from plugins.decision import Waived
    from selfmod.gate.report import GateReport, ReportError
    from selfmod.review import Basis, Review

    proposal = loaded.proposal
    if proposal.state == "refused":
        raise GateRefused("the gate refuses it", hint=f"see why: ratchet review {proposal.id}", id=proposal.id)
    if proposal.state != "awaiting-approval":
        raise ApprovalError(f"it is {proposal.state}, not awaiting approval", hint=_next(proposal), id=proposal.id)
    try:
        report = GateReport.from_json(loaded.report)
        basis = Basis.from_json(proposal.basis)
    except (ReportError, ValueError, KeyError) as error:
        raise StateError(
            f"its report is damaged: {error}", hint=f"judge it again: ratchet edit {proposal.id}", id=proposal.id
        ) from error
    return Review(
        proposal=proposal.id,
        plugin=proposal.plugin,
        version=proposal.version,
        candidate=loaded.candidate,
        report=report,
        basis=basis,
        capabilities=report.reach.declared,
        previous=loaded.previous,
        spec=proposal.spec.text,
        model=proposal.model,
        tried=proposal.attempts,
        waivers=tuple(
            Waived(finding=waiver.finding, reason=waiver.reason)
            for waiver in proposal.waivers
            if waiver.digest == proposal.digest
        ),
    )


def _next(proposal: Proposal) -> str:
    match proposal.state:
        case "stale":
            return f"have it judged again: ratchet resume {proposal.id}"
        case "drafting":
            return f"go on with: ratchet resume {proposal.id}"
        case "rolled-back":
            return f"bring it back: ratchet redo {proposal.plugin}"
        case _:
            return ""


def settle(store: Store, workspace: Workspace) -> Settle:
    """What follows from a finished change: its proposals move on. Being told twice changes nothing.

    What was approved on another machine has no proposal here, or has the name of one that is about something else.
    """
    from selfmod.proposal import TRANSITIONS
    from selfmod.review import read_ledger
    from selfmod.store import NoSuchProposal

    def settled(change: Change) -> None:
        state = _AFTER[change.operation]
        approved = {(one.proposal, one.digest) for one in read_ledger(workspace, change.plugin, change.new).decisions}
        for name in change.proposals:
            with contextlib.suppress(NoSuchProposal):
                proposal = store.load(name)
                if (name, proposal.digest) in approved and state in TRANSITIONS[proposal.state]:
                    store.save(proposal.moved(state, commit=change.new))

    return settled
