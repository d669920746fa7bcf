"""A proposal: a request with its candidates, and where it stands. It moves only along the legal transitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from plugins.errors import UsageError
from selfmod.gate.subject import Waiver
from selfmod.models.base import Cost
from selfmod.spec import Example, Spec

State = Literal["drafting", "refused", "awaiting-approval", "committed", "rejected", "stale", "rolled-back"]
STATES: Final[tuple[State, ...]] = get_args(State)

# Only what a person can see in full and still change may end in a commit; what was refused can only be worked on or put
# away; what was committed can only be rolled back and redone.
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        "drafting": frozenset({"refused", "awaiting-approval"}),
        "refused": frozenset({"drafting", "rejected"}),
        "awaiting-approval": frozenset({"drafting", "committed", "rejected", "stale"}),
        "stale": frozenset({"drafting"}),
        "committed": frozenset({"rolled-back"}),
        "rolled-back": frozenset({"committed"}),
        "rejected": frozenset(),
    }
)


class IllegalTransition(UsageError):
    """A step that a proposal in this state cannot take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposal, as stored. `attempts` counts its candidates; `attempt` is the number of the one it stands for.

    `basis` is what the judgement rests on besides the candidate (see `selfmod.review.Basis`). `texts` are what a person
    said to `revise`. `reason` says why it was rejected, went stale or stopped. `model` is "" where a person wrote it.
    """

    id: str
    spec: Spec
    state: State = "drafting"
    plugin: str = ""
    version: str = ""
    digest: str = ""
    attempt: int = 0
    attempts: int = 0
    attempts_allowed: int = 0
    model: str = ""
    cost: Cost = field(default_factory=lambda: Cost(money=0.0))
    acknowledge: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    texts: tuple[str, ...] = ()
    basis: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    commit: str = ""
    created: float = 0.0
    updated: float = 0.0

    def moved(self, state: State, **changes: Any) -> Proposal:
        """Return it in another state; `IllegalTransition` where there is no such step."""
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(
                f"{self.id} is {self.state} and cannot become {state}", next_step(self.state), self.id
            )
        return replace(self, state=state, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON; `from_json` gives the same proposal back."""
        return asdict(self)


def from_json(value: Mapping[str, Any]) -> Proposal:
    """Read what `to_json` wrote; KeyError, TypeError or ValueError for anything else."""
    known = dict(value)
    if known["state"] not in STATES:
        raise ValueError(f"no such state: {known['state']}")
    spec = dict(known.pop("spec"))
    examples = tuple(Example(**example) for example in spec.pop("examples"))
    waivers = tuple(Waiver(**waiver) for waiver in known.pop("waivers"))
    return Proposal(
        spec=Spec(**{**spec, "allow": tuple(spec["allow"])}, examples=examples),
        waivers=waivers,
        cost=Cost(**known.pop("cost")),
        acknowledge=tuple(known.pop("acknowledge")),
        texts=tuple(known.pop("texts")),
        **known,
    )


def next_step(state: State) -> str:
    """Return what can be done with a proposal in this state."""
    match state:
        case "drafting":
            return "finish it with: ratchet resume ID"
        case "refused" | "stale":
            return "work on it with: ratchet revise ID TEXT, or: ratchet edit ID"
        case "awaiting-approval":
            return "look at it with: ratchet review ID"
        case "committed":
            return "take it back with: ratchet rollback PLUGIN"
        case "rolled-back":
            return "bring it back with: ratchet redo PLUGIN"
        case "rejected":
            return "make a new one with: ratchet propose SPEC"
