"""The loop that asks a model until the gate lets a candidate through: bounded, paid for, every attempt kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Protocol

from plugins.errors import ModelError
from selfmod.budget import Budget, Charge
from selfmod.candidate import Candidate
from selfmod.gate.base import StageResult
from selfmod.gate.report import GateReport
from selfmod.models.base import Completion, Model, Request
from selfmod.models.errors import AnswerCut, InvalidAnswer, StreamCut
from selfmod.prompt import Round, failure
from selfmod.proposal import Proposal
from selfmod.store import Store

SAME_FAILURES: Final = 3
_STREAM_TRIES: Final = 2


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whoever follows a proposal being made: pieces of text, stages, attempts, remarks; and a way to stop it."""

    on_text: Callable[[str], None] = _nothing
    on_stage: Callable[[StageResult], None] = _nothing
    on_attempt: Callable[[int, int], None] = _nothing
    on_note: Callable[[str], None] = _nothing
    cancel: threading.Event | None = None


class Author(Protocol):
    """Turns rounds into the next question, and replies into candidates."""

    @property
    def mode(self) -> str:
        """What a reply is: "files" or "function"."""

    def request(self, attempt: int, last: Round | None) -> Request:
        """The question of one attempt."""

    def read(self, reply: str, *, cut: bool) -> Candidate:
        """The candidate in a reply; `InvalidAnswer` or `AnswerCut` where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A candidate as it was judged, perhaps with its version stepped, and the report."""

    candidate: Candidate
    report: GateReport


@dataclass(slots=True, kw_only=True)
class Loop:
    """One run of the loop. `fallback` takes over where a model cannot answer as it was asked to.

    It gets `fallback_attempts` of its own then, or what is left where that is 0.
    """

    model: Model
    author: Author
    store: Store
    budget: Budget
    judge: Callable[[Proposal, Candidate], Judged]
    deadline_s: float
    watch: Watch = field(default_factory=Watch)
    fallback: Author | None = None
    fallback_attempts: int = 0
    rounds: list[Round] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def run(self, proposal: Proposal) -> tuple[Proposal, Judged | None]:
        """Ask until something passes, the attempts are used up, or it fails the same way again and again.

        Returns the proposal with its attempts and cost, and the best that was judged (None where nothing could be). A
        `ModelError` or `BudgetError` leaves what was reached in the store.
        """
        best: tuple[int, Judged] | None = None
        while proposal.attempts < proposal.attempts_allowed and not self._stuck():
            proposal, judged = self._attempt(proposal)
            if judged is None:
                continue
            if best is None or _rank(judged) >= _rank(best[1]):
                best = (proposal.attempts, judged)
            if judged.report.verdict == "pass":
                break
        if best is None:
            if self.rounds and self.rounds[-1].problem:
                raise InvalidAnswer(
                    f"no answer could be used: {self.rounds[-1].problem}", hint=_ANOTHER, id=proposal.id
                )
            return proposal, None
        return replace(proposal, attempt=best[0]), best[1]

    def _attempt(self, proposal: Proposal) -> tuple[Proposal, Judged | None]:
        number = proposal.attempts + 1
        self.watch.on_attempt(number, proposal.attempts_allowed)
        request = self.author.request(number, self.rounds[-1] if self.rounds else None)
        self.store.put_request(proposal.id, number, kept_request(request, self.model, self.author))
        proposal, completion = self._ask(proposal, request, number)
        proposal = self.store.save(replace(proposal, attempts=number))
        cut = completion.finish == "length"
        try:
            candidate = self.author.read(completion.text, cut=cut)
        except (InvalidAnswer, AnswerCut) as error:
            if self._unreadable(number, completion.text, error) and self.fallback_attempts:
                proposal = self.store.save(replace(proposal, attempts_allowed=number + self.fallback_attempts))
            return proposal, None
        return proposal, self._judged(proposal, number, completion.text, candidate)

    def _judged(self, proposal: Proposal, number: int, reply: str, candidate: Candidate) -> Judged | None:
        self.store.put_candidate(proposal.id, number, candidate)
        earlier = self.seen.setdefault(candidate.digest, number)
        if earlier != number:
            self.watch.on_note(f"the same as attempt {earlier}")
            before = next((last for last in self.rounds if last.attempt == earlier), None)
            self.rounds.append(replace(before, attempt=number) if before else Round(attempt=number, reply=reply))
            return None
        judged = self.judge(proposal, candidate)
        self.store.put_candidate(proposal.id, number, judged.candidate)
        self.store.put_report(proposal.id, number, judged.report.to_json())
        self.rounds.append(Round(attempt=number, reply=reply, report=judged.report))
        return judged

    def _unreadable(self, number: int, reply: str, error: InvalidAnswer | AnswerCut) -> bool:
        """Keep the round; return whether the fallback takes over from here."""
        self.watch.on_note(str(error))
        self.rounds.append(Round(attempt=number, reply=reply, problem=str(error)))
        unread = [last for last in self.rounds[-2:] if last.problem]
        if self.fallback is None or len(unread) < 2:
            return False
        self.watch.on_note("it is asked for one function only from here on")
        self.author, self.fallback = self.fallback, None
        self.rounds.clear()
        return True

    def _ask(self, proposal: Proposal, request: Request, number: int) -> tuple[Proposal, Completion]:
        """Ask within the budget; an answer that was cut off in the middle is asked for again, and paid for again."""
        for left in range(_STREAM_TRIES, -1, -1):
            charge: Charge | None = None
            try:
                with self.budget.charge(request, self.model.price(), proposal.cost) as charge:
                    completion = self.model.complete(
                        request, deadline_s=self.deadline_s, on_text=self.watch.on_text, cancel=self.watch.cancel
                    )
                    charge.cost = completion.cost
            except (ModelError, KeyboardInterrupt) as error:
                proposal = self._paid(proposal, charge)
                if left == 0 or not isinstance(error, StreamCut) or not error.started:
                    raise
                self.watch.on_note("the connection broke off; asking again")
                continue
            proposal = self._paid(proposal, charge)
            outcome = {"finish": completion.finish, "model": completion.model, "cost": asdict(completion.cost)}
            self.store.put_reply(proposal.id, number, completion.text, outcome)
            return proposal, completion
        raise AssertionError("the last try returns or raises")

    def _paid(self, proposal: Proposal, charge: Charge | None) -> Proposal:
        """Count what a call cost, or could have cost where it broke off."""
        return proposal if charge is None else self.store.save(replace(proposal, cost=proposal.cost + charge.cost))

    def _stuck(self) -> bool:
        """Whether the last rounds failed alike. Samples that are simply wrong are not: the next one may be right."""
        last = [failure(one) for one in self.rounds[-SAME_FAILURES:]]
        if len(last) < SAME_FAILURES or len(set(last)) > 1:
            return False
        sampling = self.author.mode == "function"
        stuck = not (sampling and any(rule.startswith(_WRONG) for rule in last[0]))
        if stuck:
            self.watch.on_note(f"it failed {SAME_FAILURES} times in the same way")
        return stuck


_ANOTHER: Final = "try another model, or send files of your own: ratchet propose --from PATH"
# What another sample of the same question may well get right.
_WRONG: Final = ("unreadable", "tests.", "oracle.", "policy.", "capabilities.", "coverage.", "determinism.", "cost.")


def kept_request(request: Request, model: Model, author: Author) -> dict[str, Any]:
    """What is kept of a question: all of it, whom it went to, and how the reply is to be read."""
    return {**asdict(request), "asked": model.name, "mode": author.mode}


def _rank(judged: Judged) -> tuple[int, int]:
    stages = judged.report.stages
    return sum(stage.verdict == "pass" for stage in stages), -len(judged.report.findings)
