"""Doubles of the outside for a plugin's own tests; nothing they answer is real.

from plugins.sdk import testing

def test_rate():
    replies = {"https://api.example.org/rates/EUR": testing.reply(json={"rate": 1.5})}
    with testing.outside(http=replies) as seen:
        assert rate("EUR") == 1.5
    assert seen.urls == ["https://api.example.org/rates/EUR"]

What fails and what answers differently the second time is written the same way:

    {URL: testing.failure("timed out")}
    {URL: [testing.failure("connection refused"), testing.reply(503), testing.reply(json={"rate": 1.5})]}
"""

from __future__ import annotations

import builtins
import json as _json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from plugins import sdk
from sandbox import values
from sandbox.outside.base import Ask, Exceeded, Failed, Given, Refused
from sandbox.outside.doubles import Doubles, Script, ScriptedReply
from sandbox.outside.failures import ScriptedFailure
from sandbox.outside.rehearsed import Exchange

__all__ = ["Seen", "data", "failure", "outside", "recorded", "reply"]

_RECORDED: Final[list[Exchange]] = []
_MAX_RECORDED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Neutral:
    """What doubles answer where a test says nothing; the gate runs tests with several of these."""

    now: float = 1_767_225_600.0
    seed: int = 1
    served: bool = False  # whether replies carry the headers that servers add by themselves


class Standing:
    """What is in force in this process: the neutral answers, and the moment of the innermost doubles."""

    neutral = Neutral()
    passing: Callable[[Doubles, str, Any], Any] | None = None  # what is asked instead: the gate tries who notices
    moments: list[float] = []  # noqa: RUF012 - one stack for the process, as there is one `Door`


class Denied(Exception):
    """The doubles were told to refuse this."""


def reply(
    status: int = 200,
    *,
    json: object = None,
    text: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> ScriptedReply:
    """Return what a double answers to an HTTP request."""
    sent = dict(headers or {})
    if json is not None:
        body = _json.dumps(json).encode()
        sent.setdefault("Content-Type", "application/json")
    return ScriptedReply(status=status, headers=sent, body=body or text.encode())


def failure(how: str) -> ScriptedFailure:
    """Return what a double raises in place of an answer; the plugin gets the exception that the real outside raises.

    For a URL or a "host:port": "timed out" (TimeoutError), "connection refused" and "name not found" (ConnectionError).
    For a file or folder: "not found" (FileNotFoundError, until something is written there), "not allowed"
    (PermissionError), "no space" (OSError, for who writes).
    """
    return ScriptedFailure(how)


class Seen:
    """What a plugin asked for inside `outside(...)`."""

    def __init__(self, doubles: Doubles) -> None:
        self._doubles = doubles

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The HTTP requests, in order: method, url, headers, body."""
        return [
            {"method": made.method, "url": str(made.url), "headers": dict(made.headers), "body": made.body}
            for made in self._doubles.requests
        ]

    @property
    def urls(self) -> list[str]:
        """The URLs that were requested, in order."""
        return [request["url"] for request in self.requests]

    @property
    def sent(self) -> list[tuple[str, bytes]]:
        """For each TCP connection that was opened, in order: its "host:port", and everything that was sent over it."""
        return list(self._doubles.sent)

    @property
    def files(self) -> dict[str, bytes]:
        """Every file as it is now, by absolute path."""
        return dict(self._doubles.disk.files)

    @property
    def storage(self) -> dict[str, object]:
        """The store as it is now."""
        return dict(self._doubles.store.values)

    @property
    def messages(self) -> list[tuple[str, dict[str, object]]]:
        """Log and progress messages, in order: ("log", {"level", "message"}), ("progress", {"fraction", "message"})."""
        return list(self._doubles.messages)

    @property
    def operations(self) -> list[str]:
        """The names of all operations, in order, such as "http.request"."""
        return [ask.op for ask in self._doubles.seen]


@contextmanager
def outside(
    *,
    http: Mapping[str, ScriptedReply | ScriptedFailure | Sequence[ScriptedReply | ScriptedFailure]] | None = None,
    tcp: Mapping[str, bytes | ScriptedFailure | Sequence[bytes | ScriptedFailure]] | None = None,
    files: Mapping[str, bytes | str | ScriptedFailure] | None = None,
    environment: Mapping[str, str] | None = None,
    storage: Mapping[str, object] | None = None,
    now: float | None = None,
    seed: int | None = None,
) -> Iterator[Seen]:
    """Answer everything that plugins.sdk asks in the block from these values.

    `http` goes by URL or "METHOD URL", `tcp` by "host:port": the bytes that the other side says once it is connected. A
    list is given in order, one for each request or connection, and its last one stays. Another URL answers 200 with
    `{}`, another TCP peer closes without a word, another file does not exist, another folder is there and empty.

    A test that depends on the moment or on what is drawn sets `now` or `seed`: the gate varies what is not set.
    """
    neutral = Standing.neutral
    contents = {path: data.encode() if isinstance(data, str) else data for path, data in (files or {}).items()}
    script = Script(
        http=http or {},
        tcp=tcp or {},
        files=contents,
        environment=environment or {},
        storage=storage or {},
        now=neutral.now if now is None else now,
        seed=neutral.seed if seed is None else seed,
        served=neutral.served,
    )
    doubles = Doubles(None, script)
    with _standing(lambda: doubles, script.now):
        yield Seen(doubles)


@contextmanager
def unscripted() -> Iterator[None]:
    """As `outside()`; its doubles are made for the first ask, since most tests ask for nothing."""
    neutral = Standing.neutral
    made: list[Doubles] = []

    def doubles() -> Doubles:
        if not made:
            made.append(Doubles(None, Script(now=neutral.now, seed=neutral.seed, served=neutral.served)))
        return made[0]

    with _standing(doubles, neutral.now):
        yield


@contextmanager
def _standing(doubles: Callable[[], Doubles], now: float) -> Iterator[None]:
    Standing.moments.append(now)
    before, sdk.Door.double = sdk.Door.double, lambda op, argument: _answered(doubles(), op, argument)
    try:
        yield
    finally:
        sdk.Door.double = before
        Standing.moments.pop()


def _answered(doubles: Doubles, op: str, argument: object) -> object:
    """Answer as the host would: what crosses is a copy, and what cannot cross raises ValueError here too."""
    argument = _crossed(argument)
    if Standing.passing is not None:
        argument = Standing.passing(doubles, op, argument)
    ask = Ask(op=op, argument=argument)
    answer = doubles.answer(ask)
    if len(_RECORDED) < _MAX_RECORDED:
        _RECORDED.append(Exchange(ask=ask, answer=answer))
    match answer:
        case Given(value=value):
            return _crossed(value)
        case Failed(kind=kind, message=message):
            raise getattr(builtins, kind, OSError)(message)
        case Refused(message=message) | Exceeded(message=message):
            raise Denied(message)


def _crossed(value: object) -> object:
    return values.decode(values.encode(value))


def recorded() -> tuple[Ask, ...]:
    """Return every ask that doubles answered in this process: what the gate compares with the manifest."""
    return tuple(exchange.ask for exchange in _RECORDED)


def exchanges(first: int) -> tuple[Exchange, ...]:
    """Return what was asked and answered in this process, after the `first` ones."""
    return tuple(_RECORDED[first:])


def count() -> int:
    """Return how much was asked in this process."""
    return len(_RECORDED)


def data(name: str) -> bytes:
    """Return a recorded input: the file `tests/data/<name>` beside the calling test."""
    if "/" in name or name in ("", ".", ".."):
        raise ValueError("name one file of tests/data")
    here = sys._getframe(1).f_globals["__file__"]  # noqa: SLF001 - the file of whoever calls
    return (Path(here).parent / "data" / name).read_bytes()
