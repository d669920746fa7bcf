"""The objects that `--json` prints. More fields may be added, none renamed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.outcome import Outcome
    from selfmod.models.base import Cost
    from selfmod.proposal import Proposal


def cost_payload(cost: Cost) -> dict[str, object]:
    """Return what was used; `money` is null where the price is unknown."""
    return {
        "prompt_tokens": cost.prompt_tokens,
        "completion_tokens": cost.completion_tokens,
        "money": cost.money,
        "currency": cost.currency,
    }


def proposal_payload(proposal: Proposal, gate: Mapping[str, Any] | None) -> dict[str, object]:
    """Return a proposal with the report on the candidate it stands for."""
    return {
        "id": proposal.id,
        "state": proposal.state,
        "plugin": proposal.plugin,
        "version": proposal.version,
        "digest": proposal.digest,
        "attempts": proposal.attempts,
        "model": proposal.model,
        "acknowledge": list(proposal.acknowledge),
        "gate": None if gate is None else dict(gate),
        "cost": cost_payload(proposal.cost),
        "reason": proposal.reason,
    }


def outcome_payload(outcome: Outcome) -> dict[str, object]:
    """Return how a call ended; the value is JSON, with tags for what JSON lacks."""
    from sandbox.outcome import NAMES, Completed, describe
    from sandbox.values import encode

    completed = isinstance(outcome, Completed)
    return {
        "outcome": NAMES[type(outcome)],
        "value": encode(outcome.value) if isinstance(outcome, Completed) else None,
        "detail": None if completed else detail_payload(outcome, describe(outcome)),
        "usage": {
            "wall_s": round(outcome.usage.wall_s, 6),
            "cpu_s": round(outcome.usage.cpu_s, 6),
            "peak_memory_mb": round(outcome.usage.peak_memory_mb, 3),
        },
    }


def detail_payload(outcome: Outcome, message: str) -> dict[str, object]:
    """Return what is known of an outcome that is not a value."""
    from sandbox.outcome import Crashed, Denied, LimitExceeded, Raised, TimedOut

    known: dict[str, object] = {"message": message}
    match outcome:
        case Raised(kind=kind, message=text, frames=frames):
            known |= {"kind": kind, "text": text, "frames": list(frames)}
        case TimedOut(limit_s=limit):
            known |= {"limit_s": limit}
        case LimitExceeded(limit=name):
            known |= {"limit": name}
        case Denied(capability=capability, violations=violations):
            known["capability"] = capability
            known["findings"] = [
                {
                    "rule": v.rule,
                    "message": v.message,
                    "path": v.path,
                    "line": v.line,
                    "column": v.column,
                    "hint": v.hint,
                }
                for v in violations
            ]
        case Crashed(signal=signal, exit_code=code, report=report, request=request, curve=curve):
            known |= {"signal": signal, "exit_code": code, "report": report, "request": request}
            known["curve"] = [asdict(sample) for sample in curve]
        case _:
            pass
    return known
