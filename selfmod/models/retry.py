"""Asking again: only after failures that can pass, and never longer in all than was allowed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from plugins.errors import ModelError
from selfmod.models.errors import (
    RESUME,
    Cancelled,
    HostRefused,
    HostUnreachable,
    RateLimited,
    ServerFailed,
    StreamCut,
)

T = TypeVar("T")

#: What may be different the next time, and cost nothing this time. A wrong key, an unknown model or a web page stays
#: what it is; an answer that had begun was paid for, so asking again is for whoever watches the budget to decide.
PASSING: Final = (RateLimited, ServerFailed, StreamCut, HostRefused, HostUnreachable)
TRIES: Final = 4
FIRST_PAUSE_S: Final = 0.5


def with_retries(
    ask: Callable[[float], T],
    *,
    deadline_s: float,
    cancel: threading.Event | None = None,
    on_wait: Callable[[ModelError, float], None] | None = None,
    first_pause_s: float = FIRST_PAUSE_S,
) -> T:
    """Call `ask(seconds left)` until it answers; raise its last error when no time or no try is left for another.

    A wait that the server asks for is kept when it fits into the time that is left, and is the end when it does not.
    """
    end = time.monotonic() + deadline_s
    cancel = cancel or threading.Event()
    for number in range(1, TRIES + 1):
        try:
            return ask(end - time.monotonic())
        except PASSING as error:
            pause = _pause(error, number, first_pause_s)
            left = end - time.monotonic()
            started = isinstance(error, StreamCut) and error.started
            if number == TRIES or pause >= left or started:
                raise _final(error, number, pause, left) from error
            if on_wait is not None:
                on_wait(error, pause)
            if cancel.wait(pause):
                raise Cancelled("stopped while waiting for the model", hint=RESUME) from error
    raise AssertionError("the last try returns or raises")


def _pause(error: ModelError, number: int, first_pause_s: float) -> float:
    """The wait before the next try: the server's, or one that doubles, spread so that not all clients come at once."""
    if isinstance(error, RateLimited) and error.after_s is not None:
        return max(error.after_s, 0.0)
    return first_pause_s * 2.0 ** (number - 1) * (0.75 + secrets.randbelow(501) / 1000)


def _final(error: ModelError, tries: int, pause: float, left: float) -> ModelError:
    """The same error, saying why nothing more was tried."""
    if isinstance(error, RateLimited) and error.after_s is not None and pause >= left:
        error.hint = f"the server asks to wait {pause:g} s, longer than the {max(left, 0):.0f} s left; {RESUME}"
    elif tries > 1:
        error.hint = f"{error.hint or RESUME} (tried {tries} times)"
    return error
