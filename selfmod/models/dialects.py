"""The ways servers differ in what they accept: the ladder of structured output, and parameters that some refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from selfmod.models.base import Request
from selfmod.models.errors import RequestRefused

Format = Literal["json_schema", "json_object", "text"]
_STEPS: Final[dict[Format, Format]] = {"json_schema": "json_object", "json_object": "text"}
# What a server says about `response_format` when it answers a schema with 500 (`llama_cpp.server` does).
_ABOUT_FORMAT: Final = ("response_format", "json_schema", "json_object", "validation", "literal_error", "schema")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to ask one server. It begins with the most that the protocol has, and gives up what is refused."""

    format: Format = "json_schema"
    tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    usage: bool = True
    temperature: bool = True
    seed: bool = True
    stop: bool = True

    def without_schema(self) -> Dialect:
        """The same for a question that asks for plain text."""
        return replace(self, format="text")

    def arguments(self, request: Request) -> dict[str, Any]:
        """The arguments of `chat.completions.create` for `request`."""
        found: dict[str, Any] = {self.tokens: request.max_tokens}
        if self.usage:
            found["stream_options"] = {"include_usage": True}
        if self.temperature:
            found["temperature"] = request.temperature
        if self.seed and request.seed is not None:
            found["seed"] = request.seed
        if self.stop and request.stop:
            found["stop"] = list(request.stop)
        if self.format == "json_object":
            found["response_format"] = {"type": "json_object"}
        elif self.format == "json_schema":
            schema = {"name": "answer", "strict": True, "schema": json.loads(request.schema)}
            found["response_format"] = {"type": "json_schema", "json_schema": schema}
        return found


_OPTIONAL: Final[tuple[tuple[str, Callable[[Dialect], Dialect]], ...]] = (
    ("max_completion_tokens", lambda dialect: replace(dialect, tokens="max_completion_tokens")),
    ("stream_options", lambda dialect: replace(dialect, usage=False)),
    ("temperature", lambda dialect: replace(dialect, temperature=False)),
    ("seed", lambda dialect: replace(dialect, seed=False)),
    ("stop", lambda dialect: replace(dialect, stop=False)),
)


def about_format(text: str) -> bool:
    """Say whether a server's complaint is about `response_format`, whatever status it comes with."""
    return any(word in text.lower() for word in _ABOUT_FORMAT)


def lesser(dialect: Dialect, error: RequestRefused) -> Dialect | None:
    """The next simpler way to ask after a server refused this one; None where simplicity is not what it misses."""
    text = str(error).lower()
    if dialect.format != "text" and about_format(text):
        return replace(dialect, format=_STEPS[dialect.format])
    for name, without in _OPTIONAL:
        if name in text and without(dialect) != dialect:
            return without(dialect)
    return None if dialect.format == "text" else replace(dialect, format=_STEPS[dialect.format])
