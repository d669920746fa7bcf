"""A language model, as far as code generation is concerned."""

from __future__ import annotations

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
class Request:
    """One question. `schema` (JSON Schema) asks for structured output; the answer is text that may still break it."""

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
    """The seam to every provider. `small` models are asked for one function only."""

    name: str
    small: bool

    def complete(self, request: Request, *, deadline_s: float, on_text: Callable[[str], None] | None = None) -> Completion:
        """Answer `request` within `deadline_s` seconds in all, retries included; `on_text` gets pieces as they stream.

        Raises `ModelError` (see `selfmod.models.errors`) for anything that is not an answer.
        """
        ...
