"""Inside a worker: take requests off the channel, and carry what the program asks of the outside.

One request at a time. Nothing here is a defence: the program shares this memory and may change all of it.
"""

from __future__ import annotations

import builtins
import os
import sys
from typing import Any, Final, NoReturn, cast

from sandbox import answers, values
from sandbox.answers import CapabilityDenied, LimitReached
from sandbox.protocol import Channel, Closed, Message, message_of, pack_message

# Bytes put aside for the news that there are no more.
_SPARE: Final = 64 * 1024


class _Current:
    """The one request being answered; module state, since `ask` is called from anywhere in the program."""

    channel: Channel | None = None
    id: str = ""


def ask(op: str, argument: object = None) -> object:
    """Ask the host for something of the outside and return its answer; only during a call."""
    channel = _channel()
    channel.send_packed(pack_message(_Current.id, ("ask", {"op": op, "argument": values.encode(argument)})))
    kind, body = message_of(channel.receive(), _Current.id)
    if kind == "refused":
        raise CapabilityDenied(str(body))
    if kind == "exceeded":
        raise LimitReached(str(body))
    if kind == "failed":
        name, message = cast("list[str]", body)
        error = getattr(builtins, name, OSError)
        raise (error if isinstance(error, type) and issubclass(error, Exception) else OSError)(message)
    return values.decode(body)


def note(value: object) -> None:
    """Send a piece of evidence to the host while a job is running."""
    _channel().send_packed(pack_message(_Current.id, ("note", values.encode(value))))


def _channel() -> Channel:
    if _Current.channel is None:
        raise RuntimeError("no request is being answered")
    return _Current.channel


def serve(channel: Channel, output_kb: int) -> NoReturn:
    """Answer the host until it closes the channel, with at most so much at a time."""
    _Current.channel = channel
    spare = bytearray()
    while True:
        try:
            request: Any = channel.poll(None)
        except Closed:
            os._exit(0)
        _Current.id = request["id"]
        try:
            spare = spare or bytearray(_SPARE)
            reply = answers.answer(request["kind"], request["body"])
            _flush()
            packed = _packed(reply, output_kb * 1024)
        except MemoryError as problem:
            spare.clear()  # the program has left nothing else to say it with
            packed = pack_message(_Current.id, answers.describe(problem))
        channel.send_packed(packed)


def _packed(reply: Message, limit: int) -> bytes:
    """Pack a reply; a result too large, or one that memory does not hold a second time, becomes the news of that."""
    try:
        packed = pack_message(_Current.id, reply)
        if len(packed) <= limit:
            return packed
    except MemoryError:
        if reply[0] != "completed":
            raise
    return pack_message(_Current.id, answers.too_large())


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: BLE001, S112 (a program may have put anything in place of the streams)
            continue
