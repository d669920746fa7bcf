"""What can go wrong between a question and its answer: each with its own kind, and with what to do about it.

All exit with 13. None of them loses anything: the proposal stays in `drafting` and `resume` goes on where it stopped.
Texts that come from a server are cut short here and escaped where they are shown.
"""

from __future__ import annotations

from typing import Final

from plugins.errors import ModelError

SERVER_TEXT: Final = 300
RESUME: Final = "the proposal is kept; go on with: ratchet resume ID"


class HostRefused(ModelError):
    """Nothing listens at the address."""

    kind = "model-connection-refused"


class HostUnknown(ModelError):
    """The name of the host does not resolve."""

    kind = "model-host-unknown"


class HostUnreachable(ModelError):
    """The connection could not be made for another reason (no route, TLS, proxy)."""

    kind = "model-unreachable"


class AnswerTimedOut(ModelError):
    """No whole answer came within the time that was allowed."""

    kind = "model-timed-out"


class StreamCut(ModelError):
    """The connection ended in the middle of the answer; `started` says that some of it had come (and was paid for)."""

    kind = "model-stream-cut"

    def __init__(self, message: str, hint: str = "", id: str = "", *, started: bool = False) -> None:  # noqa: A002
        super().__init__(message, hint, id)
        self.started = started


class RateLimited(ModelError):
    """The server asks to come back later; `after_s` is the wait that it names, None where it names none."""

    kind = "model-rate-limited"

    def __init__(self, message: str, hint: str = "", id: str = "", *, after_s: float | None = None) -> None:  # noqa: A002
        super().__init__(message, hint, id)
        self.after_s = after_s


class ServerFailed(ModelError):
    """The server failed (5xx)."""

    kind = "model-server-error"


class RequestRefused(ModelError):
    """The server does not accept the request (400, 413, 422, ...)."""

    kind = "model-request-refused"


class Unauthorised(ModelError):
    """The key is missing, wrong, or not allowed to do this."""

    kind = "model-unauthorised"


class UnknownModel(ModelError):
    """The server (or this Ratchet) knows no model of this name."""

    kind = "model-unknown"


class NotAnApi(ModelError):
    """What answered is not an OpenAI-compatible API: a web page, a redirect, something else."""

    kind = "model-not-an-api"


class InvalidJson(ModelError):
    """The server's answer is not the JSON that the protocol asks for."""

    kind = "model-invalid-json"


class EmptyAnswer(ModelError):
    """The model answered with nothing."""

    kind = "model-empty-answer"


class AnswerCut(ModelError):
    """The answer reached the limit of tokens before it was complete."""

    kind = "model-answer-cut"


class EndlessAnswer(ModelError):
    """The answer is far longer than what was asked for."""

    kind = "model-endless-answer"


class AnswerRefused(ModelError):
    """The model or its server declined to answer."""

    kind = "model-declined"


class InvalidAnswer(ModelError):
    """The answer came whole, but it does not hold what was asked for."""

    kind = "model-invalid-answer"


class Cancelled(ModelError):
    """The person stopped it."""

    kind = "model-cancelled"


class ModelUnavailable(ModelError):
    """The model cannot be used here: its runtime, weights, key or settings are missing."""

    kind = "model-unavailable"


def shortened(text: object) -> str:
    """Return a server's text on one line, cut short."""
    line = " ".join(str(text).split())
    return line if len(line) <= SERVER_TEXT else line[: SERVER_TEXT - 3] + "..."
