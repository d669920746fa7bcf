"""How a proposal that was just judged is answered."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from repl.answer import REFUSED, Answer
from repl.payloads import proposal_payload
from repl.report_screen import draw_questions, draw_report, not_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repl.render import Screen
    from repl.session import Session
    from selfmod.proposal import Proposal


def proposal_answer(session: Session, proposal: Proposal) -> Answer:
    """The proposal with its report; the exit code says whether the gate let it through."""
    report = session.store.report(proposal.id) if proposal.attempt else None
    return Answer(
        payload=proposal_payload(proposal, report),
        show=lambda screen: _show(screen, proposal, report),
        exit_code=REFUSED if proposal.state == "refused" else 0,
    )


def _show(screen: Screen, proposal: Proposal, report: Mapping[str, Any] | None) -> None:
    if report is not None:
        draw_report(screen, report)
        draw_questions(screen, report, proposal.id)
    style = "green" if proposal.state == "awaiting-approval" else "bold red"
    screen.line()
    screen.line((f"{proposal.id}: {proposal.state}", style), f"  {proposal.plugin} {proposal.version}".rstrip())
    if proposal.model:
        cost = proposal.cost
        money = "price unknown" if cost.money is None else f"{cost.money:.4f} {cost.currency}"
        tokens = cost.prompt_tokens + cost.completion_tokens
        screen.line((f"  {proposal.model}, {_count(proposal.attempts)}, {tokens} tokens, {money}", "dim"))
    if proposal.state == "awaiting-approval":
        _next(screen, f"review {proposal.id}", f"try {proposal.id} TOOL", f"approve {proposal.id}",
              f"revise {proposal.id} TEXT")  # fmt: skip
    elif proposal.state == "refused":
        beyond = not_allowed(report or {"stages": ()})
        wider = f"revise {proposal.id} {' '.join(f'--allow {shlex.quote(name)}' for name in beyond)}"
        _next(screen, *([wider] if beyond else ()), f"revise {proposal.id} TEXT", f"edit {proposal.id}",
              f"review {proposal.id}")  # fmt: skip


def _count(candidates: int) -> str:
    return "1 candidate" if candidates == 1 else f"{candidates} candidates"


def _next(screen: Screen, *commands: str) -> None:
    screen.next_steps(*(f"ratchet {command}" for command in commands))
