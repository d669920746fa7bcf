"""Blind tests: what calls should give by the request alone, written by a second call that never sees the code.

It is told the request, the examples that the author saw, and how the handlers are called; nothing else. Its tests are
examples of results: parsed, never run as code, and compared outside. They are evidence and no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Final

from plugins.errors import BudgetError, ModelError
from plugins.signature import Parameter, Signature
from selfmod import signature
from selfmod.budget import Budget, Charge
from selfmod.examples import ExampleError, align_with_return, parse_example
from selfmod.generation import Watch
from selfmod.models.base import Message, Model, Request
from selfmod.models.quoted import RULE, quoted
from selfmod.models.structured import read_tests, tests_schema
from selfmod.proposal import Proposal
from selfmod.spec import Example, Spec
from selfmod.store import Store

MAX_TESTS: Final = 20
_MAX_TOKENS: Final = 2000
_LONG: Final = 200

_SYSTEM: Final = f"""\
You write tests from a request alone. Somebody else writes the code; you never see it, and must not guess at it.
A test is one line: a call with literal arguments and what it must give, as in
  clamp(5, 0, 3) == 3
  parse("") raises ValueError
Write at most {MAX_TESTS}, only such as follow from the words of the request beyond doubt; prefer unusual inputs, limits
and empty values. Answer with one JSON object: {{"tests": ["...", "..."]}}

{RULE}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """Asks one model for tests, within the budget, and keeps what it answered with the attempt."""

    model: Model
    budget: Budget
    store: Store
    deadline_s: float
    watch: Watch

    def write(self, proposal: Proposal, signatures: Iterable[Signature]) -> tuple[Proposal, bool]:
        """Ask; return the proposal with its cost, and whether there are tests. Without them all goes on as it was."""
        request = question(proposal, signatures)
        kept = {"digest": proposal.digest, "request": {**asdict(request), "asked": self.model.name}}
        self.store.put_blind(proposal.id, proposal.attempt, kept)
        charge: Charge | None = None
        try:
            with self.budget.charge(request, self.model.price(), proposal.cost) as charge:
                completion = self.model.complete(request, deadline_s=self.deadline_s, cancel=self.watch.cancel)
                charge.cost = completion.cost
            found = read(completion.text, proposal.spec)
            kept |= {"reply": completion.text, "model": completion.model, "cost": asdict(completion.cost)}
            self.store.put_blind(proposal.id, proposal.attempt, kept)
            if not found:
                self.watch.on_note("there are no blind tests: none of those in the answer can be read")
        except (ModelError, BudgetError) as error:
            self.watch.on_note(f"there are no blind tests: {error}")
            found = ()
        if charge is not None:
            proposal = self.store.save(replace(proposal, cost=proposal.cost + charge.cost))
        return proposal, bool(found)


def question(proposal: Proposal, signatures: Iterable[Signature]) -> Request:
    """What is asked: the request and how the handlers are called, and nothing of what they do."""
    spec = proposal.spec
    parts = [f"Request:\n{spec.text}", *(f"The person adds:\n{text}" for text in proposal.texts)]
    if spec.shown:
        parts.append("Examples that are known already:\n" + "\n".join(example.source for example in spec.shown))
    parts.append("The functions:\n" + quoted("\n".join(map(_call, signatures))))
    messages = (Message(role="system", content=_SYSTEM), Message(role="user", content="\n\n".join(parts)))
    return Request(messages=messages, max_tokens=_MAX_TOKENS, seed=proposal.attempt, schema=tests_schema())


def read(reply: str, spec: Spec) -> tuple[Example, ...]:
    """The tests of a reply that can be read; what the person's examples decide already is left out.

    `InvalidAnswer` where there is none.
    """
    known = {example.call for example in spec.examples}
    found: dict[str, Example] = {}
    for source in read_tests(reply).tests:
        try:
            example = parse_example(source)
        except ExampleError:
            continue
        if example.call not in known and len(found) < MAX_TESTS:
            found.setdefault(example.call, example)
    wanted = signature.read_signature(spec)
    tests = tuple(found.values())
    return tests if wanted is None else align_with_return(tests, wanted.name, wanted.returns)


def _call(one: Signature) -> str:
    return f"{one.handler}({', '.join(map(_shown, one.parameters))})"


def _shown(parameter: Parameter) -> str:
    hint = f": {parameter.hint.text[:_LONG]}" if parameter.hint.text else ""
    default = f" = {parameter.default[:_LONG]}" if not parameter.required and parameter.default else ""
    stars = {"rest": "*", "names": "**"}.get(parameter.kind, "")
    return f"{stars}{parameter.name}{hint}{default}"
