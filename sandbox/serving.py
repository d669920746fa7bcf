"""Inside a worker: take requests off the channel, and carry what the program asks of the outside.

One request at a time. Nothing here is a defence: the program shares this memory and may change all of it.
"""

from __future__ import annotations

import builtins
import os
import sys
from typing import NoReturn

from sandbox import answers, values
from sandbox.answers import CapabilityDenied, LimitReached
from sandbox.protocol import Channel, Closed, Frame, pack


class _Current:
    """The one request being answered; module state, since `ask` is called from anywhere in the program."""

    channel: Channel | None = None
    id: str = ""


def ask(op: str, argument: object = None) -> object:
    """Ask the host for something of the outside and return its answer; only during a call."""
    given = _exchange({"kind": "ask", "op": op, "argument": values.encode(argument)})
    if "refused" in given:
        raise CapabilityDenied(str(given["refused"]))
    if "exceeded" in given:
        raise LimitReached(str(given["exceeded"]))
    if "failed" in given:
        kind = getattr(builtins, str(given["failed"]), OSError)
        raise (kind if isinstance(kind, type) and issubclass(kind, Exception) else OSError)(str(given["message"]))
    return values.decode(given["value"])


def note(value: object) -> None:
    """Send a piece of evidence to the host while a job is running."""
    if _Current.channel is None:
        raise RuntimeError("no request is being answered")
    _Current.channel.send({"id": _Current.id, "kind": "note", "value": values.encode(value)})


def _exchange(frame: Frame) -> Frame:
    if _Current.channel is None:
        raise RuntimeError("no request is being answered")
    _Current.channel.send({"id": _Current.id, **frame})
    return _Current.channel.receive()


def serve(channel: Channel) -> NoReturn:
    """Answer the host until it closes the channel."""
    _Current.channel = channel
    while True:
        try:
            request = channel.receive()
        except Closed:
            os._exit(0)
        _Current.id = str(request["id"])
        limit = request["output"]
        reply = answers.answer(request)
        _flush()
        packed = _packed(reply, limit)
        channel.send_packed(packed)


def _packed(reply: Frame, limit: object) -> bytes:
    """Pack a reply; one that is too large, or that memory does not hold a second time, becomes the news of that."""
    try:
        packed = pack({"id": _Current.id, "kind": "result", **reply})
        if not isinstance(limit, int) or len(packed) <= limit:
            return packed
    except MemoryError:
        pass
    message = f"the result is larger than {limit} bytes"
    return pack({"id": _Current.id, "kind": "result", "status": "limit", "limit": "output_kb", "message": message})


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: BLE001, S112 (a program may have put anything in place of the streams)
            continue
