"""What may be used, in tokens and money, for one proposal and in one day over all workspaces.

Each call is checked with the most it could cost, which is written down before the call and corrected after it: whatever
ends in between leaves too much on the account, never too little.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from plugins.errors import BudgetError, ModelError, StateError
from plugins.settings import Settings
from plugins.state import UserState
from selfmod.clock import Clock, wall_clock
from selfmod.models.base import Cost, Price, Request
from selfmod.models.errors import (
    AnswerRefused,
    AnswerTimedOut,
    Cancelled,
    EmptyAnswer,
    EndlessAnswer,
    InvalidJson,
    StreamCut,
)
from selfmod.models.tokens import estimate_request

FILE: Final = "budget.json"
# What these interrupted may have been paid for in full; after any other error nothing was.
_PAID: Final = (AnswerTimedOut, Cancelled, EndlessAnswer, EmptyAnswer, AnswerRefused, InvalidJson)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that may be used."""

    proposal_tokens: int = 400_000
    day_tokens: int = 2_000_000
    proposal_money: float = 1.0
    day_money: float = 5.0
    currency: str = "USD"

    @classmethod
    def of(cls, settings: Settings) -> Caps:
        """The caps that are set."""
        return cls(
            proposal_tokens=settings.count("budget.proposal_tokens"),
            day_tokens=settings.count("budget.day_tokens"),
            proposal_money=settings.number("budget.proposal_money"),
            day_money=settings.number("budget.day_money"),
            currency=settings.text("budget.currency"),
        )


@dataclass(slots=True)
class Charge:
    """The account of one call: `cost` is the worst case until it is replaced by what the call did cost."""

    cost: Cost


class Budget:
    """The person's account of today."""

    def __init__(self, state: UserState, caps: Caps, *, clock: Clock = wall_clock) -> None:
        self._state, self.caps, self._clock = state, caps, clock

    def used_today(self) -> Cost:
        """What was used today, in all workspaces."""
        return self._today()[0]

    @contextlib.contextmanager
    def charge(self, request: Request, price: Price | None, spent: Cost) -> Iterator[Charge]:
        """Check that `request` fits, after what its proposal has `spent`; put the call itself into the block.

        The block replaces the charge's `cost` by the real one. `BudgetError` when it could be too much.
        """
        worst = self.worst(request, price)
        self._check(worst, spent, "this proposal", self.caps.proposal_tokens, self.caps.proposal_money, "proposal")
        with self._state.lock("budget"):
            self._check(worst, self._today()[0], "today", self.caps.day_tokens, self.caps.day_money, "day")
            self._add(worst)
        charge = Charge(cost=worst)
        try:
            yield charge
        except ModelError as error:
            if not isinstance(error, _PAID) and not (isinstance(error, StreamCut) and error.started):
                charge.cost = Cost(money=0.0)
            raise
        finally:
            with self._state.lock("budget"):
                self._add(_minus(charge.cost, worst))

    def worst(self, request: Request, price: Price | None) -> Cost:
        """The most that `request` can cost; money is None where the price is unknown or in another currency."""
        prompt = estimate_request(request)
        if price is None or (price.currency != self.caps.currency and (price.prompt or price.completion)):
            return Cost(prompt_tokens=prompt, completion_tokens=request.max_tokens, currency=self.caps.currency)
        money = price.of(prompt, request.max_tokens)
        return Cost(
            prompt_tokens=prompt, completion_tokens=request.max_tokens, money=money, currency=self.caps.currency
        )

    def _check(self, worst: Cost, spent: Cost, what: str, tokens: int, money: float, name: str) -> None:
        needed = _tokens(spent) + _tokens(worst)
        if needed > tokens:
            raise BudgetError(
                f"the next answer could bring {what} to {needed} tokens; {tokens} are allowed",
                hint=f"set budget.{name}_tokens in your own ratchet.toml, then: ratchet resume ID",
            )
        total = (spent.money or 0.0) + (worst.money or 0.0)
        if worst.money and total > money:
            raise BudgetError(
                f"the next answer could bring {what} to {total:.4f} {self.caps.currency}; {money:g} is allowed",
                hint=f"set budget.{name}_money in your own ratchet.toml, then: ratchet resume ID",
            )

    def _today(self) -> tuple[Cost, str]:
        day = time.strftime("%Y-%m-%d", time.gmtime(self._clock()))
        held = self._state.read_json(FILE)
        account: Mapping[str, Any] = held if isinstance(held, dict) and held.get("day") == day else {}
        try:
            cost = Cost(
                prompt_tokens=int(account.get("prompt_tokens", 0)),
                completion_tokens=int(account.get("completion_tokens", 0)),
                money=float(account.get("money", {}).get(self.caps.currency, 0.0)),
                currency=self.caps.currency,
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise StateError(f"{self._state.path(FILE)} is damaged", hint="mend or remove it") from error
        return cost, day

    def _add(self, cost: Cost) -> None:
        used, day = self._today()
        held = self._state.read_json(FILE)
        money = dict(held["money"]) if isinstance(held, dict) and held.get("day") == day else {}
        if cost.money is not None:
            money[cost.currency] = max(0.0, float(money.get(cost.currency, 0.0)) + cost.money)
        self._state.write_json(
            FILE,
            {
                "day": day,
                "prompt_tokens": max(0, used.prompt_tokens + cost.prompt_tokens),
                "completion_tokens": max(0, used.completion_tokens + cost.completion_tokens),
                "money": money,
            },
        )


def _tokens(cost: Cost) -> int:
    return cost.prompt_tokens + cost.completion_tokens


def _minus(cost: Cost, worst: Cost) -> Cost:
    """What corrects an account that holds `worst` to hold `cost`."""
    return Cost(
        prompt_tokens=cost.prompt_tokens - worst.prompt_tokens,
        completion_tokens=cost.completion_tokens - worst.completion_tokens,
        money=(cost.money or 0.0) - (worst.money or 0.0),
        currency=cost.currency if cost.money else worst.currency,
    )
