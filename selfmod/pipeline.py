"""The way of a proposal up to a person's decision: asked for, written, judged, revised, tried, replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from plugins.arguments import Typed
from plugins.errors import NotFoundError, StateError, UsageError
from plugins.workspace import Workspace
from sandbox.outcome import Outcome
from sandbox.sandbox import Sandbox
from selfmod.asked_id import approved, require_free
from selfmod.blind import Blind
from selfmod.blind import read as read_blind
from selfmod.budget import Budget
from selfmod.candidate import Candidate
from selfmod.context import gather
from selfmod.gate.base import retired_test
from selfmod.gate.gate import Gate
from selfmod.gate.report import GateReport
from selfmod.gate.subject import Installed, Waiver
from selfmod.generation import Author, Judged, Loop, Watch
from selfmod.models.base import Model
from selfmod.outline import read_outline
from selfmod.prompt import Round, WholeFiles, with_answers
from selfmod.proposal import IllegalTransition, Proposal, next_step
from selfmod.request import with_more
from selfmod.review import read_basis
from selfmod.signature import read_signature
from selfmod.small import ATTEMPTS as SMALL_ATTEMPTS
from selfmod.small import OneFunction, require_function
from selfmod.spec import Example, Spec
from selfmod.store import Store
from selfmod.trial import call_tool
from selfmod.versions import first_step, honest_step

ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of running everything after the model again, beside what was recorded."""

    id: str
    digest: str
    verdict: str
    recorded_digest: str
    recorded_verdict: str
    report: GateReport

    @property
    def same(self) -> bool:
        """Whether both agree."""
        return (self.digest, self.verdict) == (self.recorded_digest, self.recorded_verdict)


def _unasked(model: str) -> bool:  # noqa: ARG001
    return False


def _unheard(kind: str, /, **fields: object) -> object:
    return kind, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Everything between a request and a review. Its collaborators are values; nothing is looked up elsewhere.

    `attempts` is how many candidates may be tried, None for what suits the model. `record` takes the events
    ("proposed", "revised", "judged"); `secret` decides which examples are held back; `blind` says which models, by
    name, are also asked for tests without being shown the code.
    """

    workspace: Workspace
    store: Store
    sandbox: Sandbox
    gate: Gate
    budget: Budget
    open_model: Callable[[str], Model]
    installed: Callable[[], Installed]
    secret: bytes
    author: str = ""
    deadline_s: float = 120.0
    attempts: int | None = None
    cache: Path | None = None
    watch: Watch = field(default_factory=Watch)
    blind: Callable[[str], bool] = _unasked
    record: Callable[..., object] = _unheard

    def propose(
        self, spec: Spec, *, candidate: Candidate | None = None, attempts: int | None = None, model: str = ""
    ) -> Proposal:
        """Make a proposal: from a model, or from files that a person wrote (`candidate`)."""
        previous = approved(self.workspace, spec)
        require_free(self.workspace, self.installed(), spec)
        if candidate is None:
            self.gate.prepare()  # before the first token is spent
        asked = self.open_model(model) if candidate is None else None
        if asked is not None and asked.small:
            require_function(spec)
        allowed = 0 if asked is None else self._allowed(asked, attempts)
        name = asked.name if asked is not None else ""
        proposal = self.store.create(spec, plugin=spec.plugin, model=name, attempts_allowed=allowed)
        if previous is not None:
            self.store.put_previous(proposal.id, previous)
        self.record(
            "proposed", proposal=proposal.id, plugin=spec.plugin, model=name, change=spec.change, allow=list(spec.allow)
        )
        with self.store.locked(proposal.id) as held:
            return self._carry_on(held, asked, candidate, attempts)

    def revise(
        self,
        proposal_id: str,
        text: str = "",
        *,
        candidate: Candidate | None = None,
        examples: Sequence[str] = (),
        allow: Sequence[str] = (),
        attempts: int | None = None,
        model: str = "",
    ) -> Proposal:
        """Go on with what a person says should be different, more examples or capabilities, or other files."""
        if candidate is None and not (text.strip() or examples or allow):
            raise UsageError("say what should be different, or give files, examples or capabilities", id=proposal_id)
        with self.store.locked(proposal_id) as held:
            proposal = self._with_more(self._afresh(held), text, examples, allow)
            if candidate is None and not (text.strip() or model or attempts):
                candidate = self._answered(proposal)
            if candidate is None:
                self.gate.prepare()
            asked = self.open_model(model or held.model) if candidate is None else None
            if asked is not None:
                allowed = proposal.attempts + self._allowed(asked, attempts)
                proposal = replace(proposal, model=asked.name, attempts_allowed=allowed)
            return self._carry_on(self.store.save(proposal), asked, candidate, attempts)

    def edit(self, proposal_id: str, candidate: Candidate) -> Proposal:
        """Judge the files as the person changed them."""
        return self.revise(proposal_id, candidate=candidate)

    def resume(self, proposal_id: str, *, attempts: int | None = None, model: str = "") -> Proposal:
        """Go on where something stopped it: a model that failed, a budget, the power."""
        with self.store.locked(proposal_id) as held:
            if held.state == "stale":
                return self._judge_again(self._afresh(held))
            if held.state != "drafting":
                problem = f"{held.id} is {held.state}: there is nothing to resume"
                raise IllegalTransition(problem, next_step(held.state), held.id)
            waiting = self.store.candidate(held.id, held.attempts) if held.attempts else None
            if waiting is not None and self.store.report(held.id, held.attempts) is None:
                return self._finished(replace(held, attempt=held.attempts), self._judged_at_last(held, waiting))
            if not held.model:
                raise StateError(f"{held.id} has no files", hint="ratchet revise ID --from PATH", id=held.id)
            self.gate.prepare()
            asked = self.open_model(model or held.model)
            room = attempts or max(held.attempts_allowed - held.attempts, 1)
            proposal = replace(held, model=asked.name, attempts_allowed=held.attempts + room)
            return self._carry_on(self.store.save(proposal), asked, None, attempts)

    def waive(self, proposal_id: str, finding: str, reason: str) -> Proposal:
        """Accept one finding of exactly these bytes, with a reason, and judge them again with it."""
        with self.store.locked(proposal_id) as held:
            report = self._report(held)
            found = next((item for item in report.findings if item.id == finding), None)
            if found is None:
                raise NotFoundError(f"no finding {finding!r}", hint=f"see: ratchet review {held.id}", id=finding)
            if not (found.waivable or retired_test(finding)):
                raise UsageError(f"{found.rule} cannot be waived", hint=f"ratchet revise {held.id}", id=finding)
            if not reason.strip():
                raise UsageError("a waiver needs a reason", hint="--reason TEXT", id=finding)
            kept = tuple(item for item in held.waivers if item.finding != finding)
            waiver = Waiver(finding=finding, reason=reason.strip(), digest=held.digest)
            self.record("waived", proposal=held.id, finding=finding, digest=held.digest, reason=waiver.reason)
            return self._judge_again(replace(_drafting(held), waivers=(*kept, waiver)))

    def replay(self, proposal_id: str) -> Replayed:
        """Run everything after the model again, offline, for the attempt that the proposal stands for."""
        held = self.store.load(proposal_id)
        recorded = self._report(held)
        request, reply = self.store.request(held.id, held.attempt), self.store.reply(held.id, held.attempt)
        if request is not None and reply is not None:
            author = self._author(held, str(request.get("mode")))
            judged = self._judge(held, author.read(reply, cut=False))
        else:
            candidate = self._files(held)
            judged = Judged(candidate=candidate, report=self._verdict(held, candidate))
        return Replayed(
            id=held.id,
            digest=judged.candidate.digest,
            verdict=judged.report.verdict,
            recorded_digest=recorded.digest,
            recorded_verdict=recorded.verdict,
            report=judged.report,
        )

    def try_tool(self, proposal_id: str, tool: str, typed: Typed) -> Outcome:
        """Call a tool of the candidate in the sandbox; nothing of the outside is real."""
        held = self.store.load(proposal_id)
        return call_tool(self.sandbox, self._files(held), self._report(held), tool, typed)

    def _carry_on(
        self, proposal: Proposal, asked: Model | None, candidate: Candidate | None, attempts: int | None
    ) -> Proposal:
        """Ask the model, or judge the files of a person; a failure leaves the proposal as a draft, with the reason."""
        if asked is None:
            assert candidate is not None
            number = proposal.attempts + 1
            self.store.put_candidate(proposal.id, number, candidate)
            proposal = replace(proposal, attempts=number, attempt=number, digest=candidate.digest)
            self.store.save(proposal)
            return self._finished(proposal, self._judged_files(proposal, candidate, number))
        try:
            return self._generated(proposal, asked, attempts)
        finally:
            asked.close()

    def _generated(self, proposal: Proposal, asked: Model, attempts: int | None) -> Proposal:
        if asked.price() is None:
            self.watch.on_note(f"the price of {asked.name} is not known; only its tokens are counted")
        loop = Loop(
            model=asked,
            author=self._author(proposal, "function" if asked.small else "files"),
            store=self.store,
            budget=self.budget,
            judge=self._judge,
            deadline_s=self.deadline_s,
            watch=self.watch,
            fallback=None if asked.small or proposal.spec.change else self._one_function(proposal),
            fallback_attempts=0 if attempts or self.attempts else SMALL_ATTEMPTS,
            rounds=self._last_round(proposal),
        )
        proposal, judged = loop.run(proposal)
        return proposal if judged is None else self._tested_blind(self._finished(proposal, judged), asked)

    def _tested_blind(self, done: Proposal, asked: Model) -> Proposal:
        """Have tests written for what passed, by a call that does not see it, and judge it again with them."""
        if done.state != "awaiting-approval" or not self.blind(asked.name):
            return done
        blind = Blind(model=asked, budget=self.budget, store=self.store, deadline_s=self.deadline_s, watch=self.watch)
        outline = read_outline(self.sandbox, self._files(done))
        done, written = blind.write(done, outline.signatures.values())
        return self._judge_again(_drafting(done)) if written else done

    def _finished(self, proposal: Proposal, judged: Judged) -> Proposal:
        """Store the verdict: what passed waits for approval, everything else is refused."""
        report = judged.report
        plugin = report.plugin or proposal.plugin
        done = proposal.moved(
            "awaiting-approval" if report.verdict == "pass" else "refused",
            plugin=plugin,
            version=report.version,
            digest=report.digest,
            attempt=proposal.attempt or proposal.attempts,
            acknowledge=report.acknowledge if report.verdict == "pass" else (),
            waivers=tuple(waiver for waiver in proposal.waivers if waiver.digest == report.digest),
            basis=self._basis(plugin, judged) if report.verdict == "pass" else {},
            reason="",
        )
        self.record("judged", proposal=done.id, plugin=plugin, digest=done.digest, verdict=report.verdict)
        return self.store.save(done)

    def _judged_files(self, proposal: Proposal, candidate: Candidate, number: int) -> Judged:
        """Judge files exactly as they are."""
        report = self._verdict(proposal, candidate)
        self.store.put_report(proposal.id, number, report.to_json())
        return Judged(candidate=candidate, report=report)

    def _judged_at_last(self, held: Proposal, waiting: Candidate) -> Judged:
        """Judge the files of the latest attempt, which something interrupted."""
        if self.store.reply(held.id, held.attempts) is None:
            return self._judged_files(held, waiting, held.attempts)
        judged = self._judge(held, waiting)
        self.store.put_candidate(held.id, held.attempts, judged.candidate)
        self.store.put_report(held.id, held.attempts, judged.report.to_json())
        return judged

    def _judge_again(self, proposal: Proposal) -> Proposal:
        judged = self._judged_files(proposal, self._files(proposal), proposal.attempt)
        return self._finished(proposal, judged)

    def _judge(self, proposal: Proposal, candidate: Candidate) -> Judged:
        """Judge what a model wrote, with the smallest honest version in place of the one it guessed."""
        previous = self.store.previous(proposal.id)
        candidate = first_step(candidate, previous)
        report = self._verdict(proposal, candidate)
        stepped = honest_step(candidate, report)
        if stepped is None:
            return Judged(candidate=candidate, report=report)
        return Judged(candidate=stepped, report=self._verdict(proposal, stepped))

    def _verdict(self, proposal: Proposal, candidate: Candidate) -> GateReport:
        previous = self.store.previous(proposal.id)
        return self.gate.judge(
            candidate,
            spec=proposal.spec,
            previous=previous,
            installed=self._others(proposal),
            candidates_tried=max(proposal.attempts, 1),
            waivers=proposal.waivers,
            blind=self._blind_tests(proposal, candidate),
            on_stage=self.watch.on_stage,
        )

    def _blind_tests(self, proposal: Proposal, candidate: Candidate) -> tuple[Example, ...]:
        reply = self.store.blind(proposal.id, proposal.attempt, candidate.digest)
        return read_blind(reply, proposal.spec) if reply is not None else ()

    def _others(self, proposal: Proposal) -> Installed:
        """What is installed besides what this very proposal put there."""
        there = self.installed()
        if proposal.state not in {"committed", "rolled-back"} or proposal.spec.change:
            return there
        plugins = {name: version for name, version in there.plugins.items() if name != proposal.plugin}
        commands = {name: owner for name, owner in there.commands.items() if owner != proposal.plugin}
        return replace(there, plugins=plugins, commands=commands)

    def _author(self, proposal: Proposal, mode: str) -> Author:
        if mode != "function":
            spec, previous = proposal.spec, self.store.previous(proposal.id)
            material = gather(spec, store=self.store, previous=previous, texts=proposal.texts, cache=self.cache)
            return WholeFiles(spec, material)
        require_function(proposal.spec)
        found = self._one_function(proposal)
        assert found is not None
        return found

    def _one_function(self, proposal: Proposal) -> Author | None:
        spec = proposal.spec
        signature = read_signature(replace(spec, text=". ".join((spec.text, *proposal.texts))))
        if signature is None:
            return None
        seed = 1000 * int(proposal.id.removeprefix("P-"))
        return OneFunction(spec, signature, sandbox=self.sandbox, author=self.author, seed=seed)

    def _last_round(self, proposal: Proposal) -> list[Round]:
        """The round that a revised or resumed proposal goes on from."""
        if not proposal.attempts:
            return []
        number = proposal.attempts
        report, reply = self.store.report(proposal.id, number), self.store.reply(proposal.id, number)
        if report is None or reply is None:
            return []
        return [Round(attempt=number, reply=reply, report=GateReport.from_json(report))]

    def _with_more(self, proposal: Proposal, text: str, examples: Sequence[str], allow: Sequence[str]) -> Proposal:
        """Add what the person said, which is recorded."""
        report = self.store.report(proposal.id, proposal.attempt) if proposal.attempt else None
        asked = "\n".join(GateReport.from_json(report).questions) if report is not None else ""
        spec = with_more(proposal.spec, examples=examples, allow=allow, asked=asked, secret=self.secret)
        texts = (*proposal.texts, text.strip()) if text.strip() else proposal.texts
        self.record("revised", proposal=proposal.id, plugin=proposal.plugin, allow=list(spec.allow))
        return replace(proposal, spec=spec, texts=texts)

    def _answered(self, proposal: Proposal) -> Candidate | None:
        """The files that are there with the new examples as tests; None where a model can write some that meet them."""
        if not proposal.attempt:
            return None
        files = with_answers(self._files(proposal), proposal.spec, by_model=bool(proposal.model))
        return files if not proposal.model or self._verdict(proposal, files).verdict == "pass" else None

    def _files(self, held: Proposal) -> Candidate:
        found = self.store.candidate(held.id, held.attempt)
        if found is None:
            raise StateError(f"{held.id} has no files yet", hint="go on with: ratchet resume ID", id=held.id)
        return found

    def _report(self, held: Proposal) -> GateReport:
        stored = self.store.report(held.id, held.attempt) if held.attempt else None
        if stored is None:
            raise StateError(f"{held.id} was not judged yet", hint="go on with: ratchet resume ID", id=held.id)
        return GateReport.from_json(stored)

    def _basis(self, plugin: str, judged: Judged) -> dict[str, Any]:
        """What this judgement rests on, with what the manifest depends on as the gate's worker read it."""
        granted = self.installed().granted.get(plugin, frozenset())
        return dict(read_basis(self.workspace, plugin, judged.report.dependencies, granted=granted).to_json())

    def _afresh(self, held: Proposal) -> Proposal:
        """Back to the drawing board, from what is approved now."""
        previous = approved(self.workspace, held.spec)
        if previous is not None:
            self.store.put_previous(held.id, previous)
        return _drafting(held)

    def _allowed(self, asked: Model, attempts: int | None) -> int:
        return attempts or self.attempts or (SMALL_ATTEMPTS if asked.small else ATTEMPTS)


def _drafting(held: Proposal) -> Proposal:
    """Lead a proposal back to the drawing board; one that is there already stays."""
    return held if held.state == "drafting" else held.moved("drafting", reason="", acknowledge=())
