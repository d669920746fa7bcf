"""A language model, as far as code generation is concerned."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Tokens counted by the server (or by us, where it does not say) and their price; `money` is None when unknown."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float | None = None
    currency: str = "USD"

    def __add__(self, other: Cost) -> Cost:
        money = None if self.money is None or other.money is None else self.money + other.money
        return Cost(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            money=money,
            currency=self.currency,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens cost, in `currency`."""

    prompt: float
    completion: float
    currency: str = "USD"

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return the price of that many tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question. `schema` (JSON Schema) asks for structured output; the answer is text that may still break it.

    A last message of the assistant is the beginning of the answer, for models that can go on from there; others are
    asked without it, so the answer may hold that beginning or not.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.2
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What came back: the raw text, why it ended, what it cost, and the model that says it answered."""

    text: str
    finish: Literal["stop", "length"]
    cost: Cost = field(default_factory=Cost)
    model: str = ""


class Model(Protocol):
    """The seam to every provider. `small` models are asked for one function only; `open_model` takes `name`."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def small(self) -> bool: ...  # noqa: D102

    def complete(
        self,
        request: Request,
        *,
        deadline_s: float,
        on_text: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Completion:
        """Answer `request` within `deadline_s` seconds in all, retries included; `on_text` gets pieces as they stream.

        `cancel` stops it from another thread. Raises `ModelError` (see `selfmod.models.errors`) for anything that is
        not an answer.
        """
        ...

    def price(self) -> Price | None:
        """What its tokens cost; None where nobody said."""
        ...

    def close(self) -> None:
        """End what it holds open (a process, connections)."""
        ...
