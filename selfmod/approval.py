"""Approval: the only way from a reviewed candidate to a commit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from plugins import grants, trust
from plugins.capability import name_problem
from plugins.decision import Channel, Decision
from plugins.errors import ApprovalError, GateRefused, StaleError, UsageError
from plugins.keys import required_key
from plugins.workspace import plugin_id
from selfmod import commit
from selfmod.clock import Clock, wall_clock
from selfmod.gate.thresholds import GATE_VERSION, Thresholds
from selfmod.journal import Journal
from selfmod.review import Review, read_basis, read_ledger

NO_ORACLE: Final = "no-oracle"  # as the gate names it in what a person has to acknowledge
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the person said: the digest they saw, each name they accepted, and how they said it."""

    digest: str
    accepted: tuple[str, ...] = ()
    channel: Channel = "scripted"


def approve(
    review: Review, answer: Answer, *, journal: Journal, thresholds: Thresholds, clock: Clock = wall_clock
) -> commit.Commit:
    """Record the decision and commit exactly what was reviewed; raises ApprovalError when anything does not match.

    `thresholds` are those in force now.
    """
    workspace, state = journal.workspace, journal.state
    trust.require(workspace, state)
    plugin_id(review.plugin)
    check(review, answer)
    with workspace.lock():
        journal.recover()
        refuse_stale(review, journal, thresholds)
        at = commit.place(workspace)
        commit.refuse_dirty(workspace, review.plugin, at.commit)
        author, key, now = workspace.repository.identity(), required_key(state), clock()
        unsigned = Decision(
            operation="approve",
            workspace=workspace.id,
            plugin=review.plugin,
            digest=review.digest,
            version=review.version,
            approver=str(author),
            time=stamp(now),
            channel=answer.channel,
            parent=at.commit,
            key="",
            previous=read_ledger(workspace, review.plugin).tip,
            revoked=review.basis.digest,
            capabilities=tuple(sorted(review.capabilities)),
            report=review.report.hash,
            gate=review.report.gate_version,
            waivers=review.waivers,
            accepted=tuple(sorted(set(answer.accepted) & set(review.acknowledge))),
            spec=review.spec,
            model=review.model,
            tried=review.tried,
            proposal=review.proposal,
        )
        decision = unsigned.signed(key)
        what = f"Change {review.plugin} to" if review.basis.digest else f"Add {review.plugin}"
        return commit.carry_out(
            journal,
            decision,
            review.candidate,
            at=at,
            key=key,
            author=author,
            message=commit.message(
                f"{what} {review.version}", review.spec, commit.trailers(decision, review.report)
            ),
            time=int(now),
            report=review.report,
            proposals=(review.proposal,) if review.proposal else (),
        )  # fmt: skip


def check(review: Review, answer: Answer) -> None:
    """Refuse an answer that does not name exactly what was shown, in full."""
    match = _DIGEST.fullmatch(answer.digest)
    if not match:
        raise ApprovalError(
            "an approval names the digest, all 64 hex digits of it",
            hint=f"look at it with: ratchet review {review.proposal}",
            id=review.proposal,
        )
    if f"sha256:{match[1]}" != review.digest:
        raise ApprovalError(
            "the digest is not the one of this candidate", hint="review it again; it may have been revised",
            id=review.proposal,
        )  # fmt: skip
    if review.report.digest != review.digest or review.report.plugin not in ("", review.plugin):
        raise ApprovalError("the gate's report is about other bytes", id=review.proposal)
    if review.report.verdict != "pass":
        raise GateRefused(
            "the gate refuses this candidate",
            hint=f"change it with: ratchet revise {review.proposal}",
            id=review.proposal,
        )
    _check_accepted(review, answer.accepted)


def refuse_stale(review: Review, journal: Journal, thresholds: Thresholds) -> None:
    """Refuse when anything that the judgement rests on is not what it was; unrelated commits do not matter."""
    reason = stale(review, journal, thresholds)
    if reason:
        raise StaleError(
            f"{reason} changed since this was judged",
            hint=f"judge it again with: ratchet resume {review.proposal}",
            id=review.proposal,
        )


def stale(review: Review, journal: Journal, thresholds: Thresholds) -> str:
    """What changed since the candidate was judged, in words; "" when nothing did."""
    if review.report.gate_version != GATE_VERSION:
        return f"the gate's version ({review.report.gate_version}, now {GATE_VERSION})"
    if review.report.thresholds != thresholds:
        return "the thresholds of the gate"
    granted = grants.of(journal.workspace, journal.state, review.plugin)
    now = read_basis(journal.workspace, review.plugin, review.basis.dependencies, granted=granted)
    return review.basis.changed(now)


def stamp(seconds: float) -> str:
    """A time as decisions hold it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_accepted(review: Review, accepted: Iterable[str]) -> None:
    """Refuse a word that no approval takes, which is a slip, and an answer in which one is missing.

    Words that other versions take are no slip: a script may name them all.
    """
    asked = review.acknowledge  # also what the report forgot to list: it is not granted in silence
    for name in accepted:
        if name not in asked and name != NO_ORACLE and name_problem(name):
            raise UsageError(
                f"--accept {name}: this approval takes no such word",
                hint=f"it takes: {', '.join(asked)}" if asked else "it takes none",
                id=review.proposal,
            )
    missing = [name for name in asked if name not in set(accepted)]
    if missing:
        flags = " ".join(f"--accept {name}" for name in missing)
        raise ApprovalError(
            f"approving this takes a word for each of: {', '.join(missing)}", hint=f"add {flags}", id=review.proposal
        )
