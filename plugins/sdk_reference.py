"""What the parts of `plugins.sdk` offer: each function with its parameters, and the first line of what it says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from plugins import sdk, sdk_testing

#: Methods that are written in a way of their own.
_WRITTEN: Final = {"__getitem__": "{part}[{names}]", "__contains__": "{names} in {part}"}
#: What tests take from `plugins.sdk.testing`; the rest of it is there for the gate.
_TESTING: Final = (sdk_testing.outside, sdk_testing.reply, sdk_testing.failure, sdk_testing.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One function or attribute, as it is written in a plugin, and what it does."""

    written: str
    says: str

    def lines(self) -> tuple[str, ...]:
        """As lines of text."""
        return (self.written, f"    {self.says}") if self.says else (self.written,)


def parts() -> tuple[str, ...]:
    """The names under which `plugins.sdk` has something to show."""
    return (*sdk.__all__, "Connection", "HttpError", "Reply", "testing")


def says(part: str) -> str:
    """What a part says of itself, in a line."""
    found = getattr(sdk, part)
    return _first_line(found if isinstance(found, type) or part == "testing" else type(found))


def entries(part: str) -> tuple[Entry, ...]:
    """Everything that is public of one part, in the order of the source."""
    if part == "testing":
        made = (_function(part, function.__name__, function) for function in _TESTING)
        return (*made, *_members("seen", sdk_testing.Seen))
    found = getattr(sdk, part)
    if isinstance(found, type):
        return tuple(_members(part.lower(), found))
    return tuple(_members(part, type(found)))


def text(part: str) -> str:
    """One part as text: what is written in a plugin on lines of its own, what it does below them."""
    head = f"{part}: {says(part)}"
    return "\n".join([head, *(f"  {line}" for entry in entries(part) for line in entry.lines())])


def _members(part: str, kind: type) -> Iterator[Entry]:
    if issubclass(kind, Exception):
        return
    for name, hint in inspect.get_annotations(kind).items():
        yield Entry(written=f"{part}.{name}: {hint}", says="")
    for name, member in vars(kind).items():
        if isinstance(member, property) and not name.startswith("_"):
            hint = inspect.get_annotations(member.fget)["return"] if member.fget else ""
            yield Entry(written=f"{part}.{name}: {hint}", says=_first_line(member))
        elif inspect.isfunction(member) and (name in _WRITTEN or not name.startswith("_")):
            yield _function(part, name, member)


def _function(part: str, name: str, function: Callable[..., Any]) -> Entry:
    signature = inspect.signature(function)
    taken = [
        parameter.replace(annotation=_Hint(parameter.annotation))
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    hint = _Hint(signature.return_annotation)
    written = f"{part}.{name}{signature.replace(parameters=taken, return_annotation=hint)}"
    if name in _WRITTEN:
        names = ", ".join(parameter.name for parameter in taken)
        written = f"{_WRITTEN[name].format(part=part, names=names)} -> {hint}"
    return Entry(written=written, says=_first_line(function))


class _Hint(str):
    """A type hint that is shown as it stands in the source."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]
