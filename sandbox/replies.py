"""From what a worker says to an `Outcome`: every field checked, nothing believed beyond the program's own answer."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import Final

from sandbox import values
from sandbox.errors import ProtocolError
from sandbox.outcome import Completed, Crashed, Denied, LimitExceeded, Outcome, Raised, Usage, Violation
from sandbox.protocol import Frame

_MAX_TEXT: Final = 8192
_MAX_NAME: Final = 200
_MAX_FRAMES: Final = 20
_MAX_VIOLATIONS: Final = 200
# The ceilings that show inside a worker; the others are seen from outside only.
_LIMITS_SEEN_INSIDE: Final = frozenset(
    {"memory_mb", "disk_mb", "inodes", "file_mb", "open_files", "processes", "output_kb"}
)
_COMPLETED: Final = frozenset({"id", "kind", "status", "value"})
_TEXT_FIELDS: Final = ("rule", "message", "path", "hint")


def outcome_of(frame: Frame, usage: Usage) -> Outcome:
    """Return the outcome a result frame stands for; raise `ProtocolError` when it stands for none."""
    if frame.get("status") == "completed" and frame.keys() == _COMPLETED:
        return Completed(value=_value(frame["value"]), usage=usage)
    rest = {key: item for key, item in frame.items() if key not in ("id", "kind", "status")}
    match frame.get("status"):
        case "raised" if set(rest) == {"type", "message", "frames"}:
            frames = tuple(_text(item) for item in _list(rest["frames"], _MAX_FRAMES))
            return Raised(kind=_text(rest["type"]), message=_text(rest["message"]), frames=frames, usage=usage)
        case "limit" if set(rest) == {"limit", "message"}:
            limit = _text(rest["limit"])
            if limit not in _LIMITS_SEEN_INSIDE:
                raise ProtocolError("a limit that a worker cannot know of")
            return LimitExceeded(limit=limit, message=_text(rest["message"]), usage=usage)
        case "unreachable" if set(rest) == {"op"}:
            kind = _text(rest["op"]).partition(".")[0]
            return Denied(message="nothing of the outside is reachable at this level", capability=kind, usage=usage)
        case "refused" if set(rest) == {"violations"}:
            found = tuple(_violation(item) for item in _list(rest["violations"], _MAX_VIOLATIONS))
            message = found[0].message if found else "the language policy refused the source"
            return Denied(message=message, violations=found, usage=usage)
    raise ProtocolError("a result that is not one")


def with_usage(outcome: Outcome, usage: Usage) -> Outcome:
    """Return the same outcome with what it used."""
    return replace(outcome, usage=usage)


def request_name(request: Frame) -> str:
    """Return what a request asks for, without what it gives along."""
    return f"{request.get('kind')} {request.get('function') or request.get('entry')}"[:_MAX_NAME]


def crashed(known: Crashed, status: int) -> Crashed:
    """Return how a process ended that nobody ended: what is known of it, and its wait status."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
        return replace(known, signal=name)
    return replace(known, exit_code=os.waitstatus_to_exitcode(status))


def _value(json: object) -> object:
    try:
        return values.decode(json)
    except ValueError as problem:
        raise ProtocolError(f"a value that cannot be read: {problem}") from problem


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
