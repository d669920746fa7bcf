"""What a worker may ask the host for, and what the host answers: the one door between a program and the outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

#: Every operation a worker may name; anything else is refused without being looked at.
OPERATIONS: Final = frozenset(
    {
        "http.request",
        "http.body",
        "http.read",
        "files.read",
        "files.write",
        "files.list",
        "environment.get",
        "storage.get",
        "storage.set",
        "storage.delete",
        "storage.keys",
        "clock.now",
        "clock.monotonic",
        "random.seed",
        "log",
        "progress",
        "tcp.open",
        "tcp.send",
        "tcp.receive",
        "tcp.close",
    }
)


def kind_of(op: str) -> str:
    """Return the kind of an operation; an empty text for one that is none: never a word of whoever asks."""
    return op.partition(".")[0] if op in OPERATIONS else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question of a worker. `argument` is decoded, hostile data (see `sandbox.values`)."""

    op: str
    argument: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The answer: data for the worker."""

    value: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The ask was allowed but did not work out (no such file, connection refused): the plugin may catch it.

    `kind` is the builtin exception the worker raises ("FileNotFoundError", "ConnectionError", "TimeoutError",
    "ValueError", "OSError"); anything else becomes OSError.
    """

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The ask is outside the policy. `capability` names what would have to be granted for it."""

    capability: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """The ask would go over a ceiling; `limit` is a field name of `Limits`."""

    limit: str
    message: str


Answer = Given | Failed | Refused | Exceeded


class Outside(Protocol):
    """The host's side of the door. `answer` never raises for what a worker asks, and bounds its own time and memory."""

    def answer(self, ask: Ask) -> Answer:
        """Answer one ask."""
        ...

    def close(self) -> None:
        """Release what the answers hold open."""
        ...


@runtime_checkable
class Metered(Protocol):
    """An outside that really moves bytes, and says how many."""

    @property
    def network_bytes(self) -> int:
        """The bytes that were sent and received so far, as they count against `Limits.network_mb`."""
        ...


def network_bytes(outside: Outside) -> int:
    """Return how many bytes an outside has moved; none, unless it is one that moves any."""
    return outside.network_bytes if isinstance(outside, Metered) else 0


class Closed:
    """Nothing of the outside: every ask is refused."""

    def answer(self, ask: Ask) -> Answer:
        """Refuse, naming the kind of capability that is missing."""
        return Refused(capability=kind_of(ask.op), message="nothing of the outside is reachable here")

    def close(self) -> None:
        """Hold nothing, release nothing."""
