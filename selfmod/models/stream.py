"""An answer as it comes in: bounded, from a thread of its own, whatever shape a server gives it."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from selfmod.models.errors import (
    RESUME,
    AnswerTimedOut,
    Cancelled,
    EndlessAnswer,
    InvalidJson,
    NotAnApi,
    ServerFailed,
    shortened,
)

T = TypeVar("T")
BASE_URL: Final = "check the base URL; it often ends in /v1"


@dataclass(slots=True)
class Answer:
    """What has come so far."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    finish: str = ""
    model: str = ""
    usage: dict[str, Any] = field(default_factory=dict)


class Whole(Exception):
    """Carries an answer that came in one piece although a stream was asked for."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


@dataclass(slots=True, kw_only=True)
class Call:
    """One call in its thread, and what the caller may do to it."""

    end: float
    cancel: threading.Event | None = None
    on_text: Callable[[str], None] | None = None
    pieces: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)
    close: Callable[[], None] = lambda: None


def in_thread(work: Callable[[Call], T], call: Call) -> T:
    """Run `work` in a thread; return its result, or leave it behind with its connection closed."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(call))
        except BaseException as error:  # noqa: BLE001 - handed over whole to the thread that asked
            errors.append(error)
        call.pieces.put(None)

    threading.Thread(target=run, name="model call", daemon=True).start()
    try:
        _follow(call)
    except BaseException:  # an interrupt, too: nobody waits for the answer any more
        threading.Thread(target=call.close, daemon=True).start()  # closing may itself wait for the slow server
        raise
    if errors:
        raise errors[0]
    return results[0]


def _follow(call: Call) -> None:
    """Pass pieces on until the call has ended."""
    while True:
        if call.cancel is not None and call.cancel.is_set():
            raise Cancelled("stopped while the model was answering", hint=RESUME)
        left = call.end - time.monotonic()
        if left <= 0:
            raise AnswerTimedOut("the model did not finish its answer in time", hint=RESUME)
        try:
            piece = call.pieces.get(timeout=min(left, 0.1))  # nothing waits for a queue and an event at once
        except queue.Empty:
            continue
        if piece is None:
            return
        if call.on_text is not None:
            call.on_text(piece)


def take(chunk: Any, answer: Answer, call: Call, most: int) -> None:
    """Add one event of the stream, whatever shape a server gives it."""
    value = chunk.model_dump(warnings=False) if hasattr(chunk, "model_dump") else chunk
    if not isinstance(value, dict):
        raise InvalidJson(f"the server sent something else than an event: {shortened(chunk)}", hint=BASE_URL)
    _take_event(value, answer, call, most)


def _take_event(value: Mapping[str, Any], answer: Answer, call: Call, most: int) -> None:
    answer.model = str(value.get("model") or answer.model)[:200]
    if isinstance(value.get("usage"), dict):
        answer.usage = value["usage"]
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return
    part = choices[0].get("delta") or choices[0].get("message") or {}
    text = part.get("content") if isinstance(part, dict) else None
    if isinstance(text, str) and text:
        answer.length += len(text)
        if answer.length > most:
            raise EndlessAnswer(f"the answer did not end after {answer.length} characters", hint=RESUME)
        answer.pieces.append(text)
        call.pieces.put(text)
    answer.finish = str(choices[0].get("finish_reason") or answer.finish)


def take_whole(body: bytes, answer: Answer, call: Call, most: int) -> None:
    """Read an answer that came as one JSON document."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidJson("the server's answer is not JSON", hint=BASE_URL) from error
    if isinstance(value, dict) and value.get("error"):
        detail = value["error"]
        message = detail.get("message") if isinstance(detail, dict) else detail
        raise ServerFailed(f"the server reports: {shortened(message)}", hint=RESUME)
    if not isinstance(value, dict) or not isinstance(value.get("choices"), list):
        raise NotAnApi("the server answers with JSON that is not a completion", hint=BASE_URL)
    _take_event(value, answer, call, most)
    answer.finish = answer.finish or "stop"
