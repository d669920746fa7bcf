"""Recorded replies in the place of a model: for tests, demonstrations, and the same session once more."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from selfmod.models.base import Completion, Cost, Price, Request
from selfmod.models.errors import ModelUnavailable
from selfmod.models.tokens import estimate, estimate_request

MAX_BYTES: Final = 64 * 2**20


class ReplayModel:
    """Answers with the replies of a file, one after the other, whatever it is asked."""

    def __init__(self, path: Path, *, small: bool = False) -> None:
        self._path = path
        self._small = small
        self._replies = iter(_read(path))

    @property
    def name(self) -> str:
        """The name that `open_model` knows it by."""
        return f"replay:{self._path}"

    @property
    def small(self) -> bool:
        """Whether the recorded model was asked for one function only."""
        return self._small

    def price(self) -> Price | None:
        """Nothing."""
        return Price(prompt=0.0, completion=0.0)

    def close(self) -> None:
        """Nothing is open."""

    def complete(
        self,
        request: Request,
        *,
        deadline_s: float,  # noqa: ARG002 - a file answers at once
        on_text: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,  # noqa: ARG002
    ) -> Completion:
        """The next reply; `ModelUnavailable` after the last one."""
        reply = next(self._replies, None)
        if reply is None:
            raise ModelUnavailable(f"{self._path} holds no further reply", hint="record more of them")
        text, finish = reply
        if on_text is not None:
            on_text(text)
        cost = Cost(prompt_tokens=estimate_request(request), completion_tokens=estimate(text), money=0.0)
        return Completion(text=text, finish=finish, cost=cost, model=self.name)


def _read(path: Path) -> list[tuple[str, Literal["stop", "length"]]]:
    """Read a JSON list of texts, or of objects `{"text": ..., "finish": "stop" or "length"}`."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(MAX_BYTES))
        return [_reply(item) for item in value]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelUnavailable(f"{path} holds no recorded replies", hint="it is a JSON list of texts") from error


def _reply(item: object) -> tuple[str, Literal["stop", "length"]]:
    if isinstance(item, str):
        return item, "stop"
    if isinstance(item, dict) and isinstance(item["text"], str):
        return item["text"], "length" if item.get("finish") == "length" else "stop"
    raise ValueError("not a reply")
