"""From what a worker says to an `Outcome`: every field checked, nothing believed beyond the program's own answer."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import Final

from sandbox import values
from sandbox.errors import ProtocolError
from sandbox.limits import Limits
from sandbox.outcome import Crashed, Denied, LimitExceeded, Outcome, Raised, Usage, Violation, completed
from sandbox.outside.base import Ask, kind_of
from sandbox.protocol import Request

_MAX_TEXT: Final = 8192
_MAX_NAME: Final = 200
_MAX_FRAMES: Final = 20
_MAX_BASES: Final = 20
_MAX_VIOLATIONS: Final = 200
# The ceilings that show inside a worker; the others are seen from outside only.
_LIMITS_SEEN_INSIDE: Final = frozenset(
    {"memory_mb", "disk_mb", "inodes", "file_mb", "open_files", "processes", "output_kb"}
)
_TEXT_FIELDS: Final = ("rule", "message", "path", "hint")


def outcome_of(kind: str, body: object, usage: Usage, limits: Limits) -> Outcome:
    """Return the outcome that a message of a worker stands for; raise `ProtocolError` when it stands for none."""
    match kind:
        case "completed":
            return completed(value_of(body), usage)
        case "raised":
            name, message, listed, wider = _fields(body, "type", "message", "frames", "bases")
            frames = tuple(_text(item) for item in _list(listed, _MAX_FRAMES))
            bases = tuple(_text(item) for item in _list(wider, _MAX_BASES))
            return Raised(kind=_text(name), message=_text(message), frames=frames, bases=bases, usage=usage)
        case "limit":
            limit, message = map(_text, _fields(body, "limit", "message"))
            if limit not in _LIMITS_SEEN_INSIDE:
                raise ProtocolError("a limit that a worker cannot know of")
            told = "; ".join(filter(None, (message, limits.told(limit))))
            return LimitExceeded(limit=limit, message=told, usage=usage)
        case "unreachable":
            denied = "nothing of the outside is reachable at this level"
            return Denied(message=denied, capability=kind_of(_text(body)), usage=usage)
        case "refused":
            found = tuple(_violation(item) for item in _list(body, _MAX_VIOLATIONS))
            message = found[0].message if found else "the language policy refused the source"
            return Denied(message=message, violations=found, usage=usage)
        case _:
            raise ProtocolError("a frame that nobody asked for")


def with_usage(outcome: Outcome, usage: Usage) -> Outcome:
    """Return the same outcome with what it used."""
    return replace(outcome, usage=usage)


def request_name(request: Request) -> str:
    """Return what a request asks for, without what it gives along."""
    kind, body = request
    return f"{kind} {body[0]}"[:_MAX_NAME]


def crashed(known: Crashed, status: int) -> Crashed:
    """Return how a process ended that nobody ended: what is known of it, and its wait status."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
        return replace(known, signal=name)
    return replace(known, exit_code=os.waitstatus_to_exitcode(status))


def value_of(body: object) -> object:
    """Return the value that came; raise `ProtocolError` when it is none."""
    try:
        return values.decode(body)
    except ValueError as problem:
        raise ProtocolError(f"a value that cannot be read: {problem}") from problem


def ask_of(body: object) -> Ask:
    """Return what a worker asks of the outside; raise `ProtocolError` when it asks for nothing."""
    op, argument = _fields(body, "op", "argument")
    if type(op) is not str or len(op) > _MAX_NAME or not op.isascii():
        raise ProtocolError("an ask that is not one")
    return Ask(op=op, argument=value_of(argument))


def _fields(body: object, *names: str) -> tuple[object, ...]:
    """Return the fields of a body that has these and no others."""
    if type(body) is not dict or body.keys() != set(names):
        raise ProtocolError("a message with other fields than it should have")
    return tuple(body[name] for name in names)


def _text(item: object) -> str:
    if type(item) is not str or len(item) > _MAX_TEXT:
        raise ProtocolError("a text that is not one, or too long")
    if any("\ud800" <= character <= "\udfff" for character in item):
        raise ProtocolError("a text with a lone surrogate")
    return item


def _list(item: object, most: int) -> list[object]:
    if type(item) is not list or len(item) > most:
        raise ProtocolError("a list that is not one, or too long")
    return item


def _violation(item: object) -> Violation:
    if type(item) is not dict or set(item) != {*_TEXT_FIELDS, "line", "column"}:
        raise ProtocolError("a violation that is not one")
    line, column = item["line"], item["column"]
    if type(line) is not int or type(column) is not int or not (0 <= line < 1 << 31 and 0 <= column < 1 << 31):
        raise ProtocolError("a violation without its place")
    texts = {name: _text(item[name]) for name in _TEXT_FIELDS}
    return Violation(line=line, column=column, **texts)
