"""What a verb gives back: one object for programs, one way to show it to a person, and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repl.render import Screen

Payload = Mapping[str, object]

REFUSED = 10
AUDIT_BROKEN = 15
NOT_COMPLETED = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`payload` is what `--json` prints; `show` draws the same for a person. A verb never prints by itself."""

    payload: Payload
    show: Callable[[Screen], None]
    exit_code: int = 0
