"""How a sandboxed call ended: a closed union of frozen values, never an exception or a return code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one call or sandbox used, measured from outside it. Seconds and MB (2**20 bytes).

    `queued_s` of `wall_s` it could have run and no core was free: that is the machine's doing. Where the kernel does
    not tell, and of a call of a few milliseconds, it is 0.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    queued_s: float = 0.0
    peak_memory_mb: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at a worker, `after_s` seconds into a call: the CPU seconds of the call so far, and its memory in MB."""

    after_s: float
    cpu_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing the language policy refuses in a source text, and what to write instead."""

    rule: str
    message: str
    path: str
    line: int
    column: int
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The call returned `value` (only None, bool, int, float, str, bytes, list, tuple, set, frozenset, dict)."""

    value: object
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The called code raised. `frames` are "file:line in function" of the program's own files, innermost last.

    `bases` are the names of what the exception also is, nearest first ("LookupError", "Exception", "BaseException").
    """

    kind: str
    message: str
    frames: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """The wall clock ran out and the worker was killed."""

    limit_s: float
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitExceeded:
    """A ceiling of `Limits` was reached; `limit` is the name of its field."""

    limit: str
    message: str
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Something outside the policy was asked for, or the language policy refused the source (then with `violations`).

    `capability` names what would have to be granted ("network api.example.org:443"), empty for a language refusal.
    """

    message: str
    capability: str = ""
    violations: tuple[Violation, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """The worker died: by `signal` (a name such as "SIGSEGV") or with `exit_code`. `report` is its last words.

    `request` is what it was doing ("call total"), never with arguments. `curve` is what was seen of it meanwhile, older
    looks sparser than newer ones; the last one is its end, with the memory at its highest.
    """

    signal: str = ""
    exit_code: int | None = None
    report: str = ""
    request: str = ""
    curve: tuple[Sample, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupted:
    """The worker broke the protocol (malformed, oversized, unsolicited or late frame) and was killed."""

    reason: str
    usage: Usage = field(default_factory=Usage)


Outcome: TypeAlias = Completed | Raised | TimedOut | LimitExceeded | Denied | Crashed | Corrupted

NAMES: dict[type, str] = {
    Completed: "completed",
    Raised: "raised",
    TimedOut: "timed-out",
    LimitExceeded: "limit-exceeded",
    Denied: "denied",
    Crashed: "crashed",
    Corrupted: "corrupted",
}


def describe(outcome: Outcome) -> str:
    """Return one plain sentence for a person; it may hold text of the program, so escape it before a terminal."""
    match outcome:
        case Completed():
            return "completed"
        case Raised(kind=kind, message=message, frames=frames):
            where = f" ({frames[-1]})" if frames else ""
            return f"{kind}: {message}{where}" if message else f"{kind}{where}"
        case TimedOut(limit_s=limit):
            return f"stopped after {limit:g} s of wall clock"
        case LimitExceeded(limit=limit_name, message=message):
            return f"{limit_name} exceeded: {message}"
        case Denied(message=message):
            return message
        case Crashed(signal=signal, exit_code=code):
            return f"the worker died by {signal}" if signal else f"the worker exited with {code}"
        case Corrupted(reason=reason):
            return f"the worker broke the protocol: {reason}"


# The constructor of a frozen dataclass takes a name and a call for each field. Most calls of a tool are brief and end
# well, and make two of these, which takes a tenth of what is ours of such a call; so their slots are filled directly.
_SET_VALUE, _SET_USAGE = (vars(Completed)[name].__set__ for name in ("value", "usage"))
_SET_WALL, _SET_CPU, _SET_QUEUED, _SET_PEAK = (
    vars(Usage)[name].__set__ for name in ("wall_s", "cpu_s", "queued_s", "peak_memory_mb")
)


def completed(value: object, usage: Usage) -> Completed:
    """Return `Completed(value=value, usage=usage)`."""
    made = object.__new__(Completed)
    _SET_VALUE(made, value)
    _SET_USAGE(made, usage)
    return made


def brief_usage(wall_s: float, peak_memory_mb: float) -> Usage:
    """Return `Usage(wall_s=wall_s, peak_memory_mb=peak_memory_mb)`."""
    made = object.__new__(Usage)
    _SET_WALL(made, wall_s)
    _SET_CPU(made, 0.0)
    _SET_QUEUED(made, 0.0)
    _SET_PEAK(made, peak_memory_mb)
    return made
