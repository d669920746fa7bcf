"""The outside as it once was: asks are answered again as they were recorded, and by somebody else where they were not.

A recording comes from whoever was recorded and is not believed: it is what a double says, no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox import values
from sandbox.outside.base import OPERATIONS, Answer, Ask, Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One ask and what it was answered."""

    ask: Ask
    answer: Answer


class Rehearsed:
    """Answers as in a recording, each exchange once, in whatever order they are asked for (threads have none).

    `asked` names all operations, `strangers` those of asks that the recording does not hold: names only, since whoever
    asks could fill the memory otherwise. Strangers get the last recorded answer of the same operation, so that what
    reads to an end finds one; where there is none, that of `otherwise`.
    """

    def __init__(self, otherwise: Outside, exchanges: Iterable[Exchange] = ()) -> None:
        self._otherwise = otherwise
        self.play(exchanges)

    def play(self, exchanges: Iterable[Exchange]) -> None:
        """Begin again, with another recording."""
        self.asked: set[str] = set()
        self.strangers: set[str] = set()
        self._left: dict[str, list[Answer]] = {}
        self._last: dict[str, Answer] = {}
        for exchange in exchanges:
            self._left.setdefault(_key(exchange.ask), []).append(exchange.answer)
            self._last[exchange.ask.op] = exchange.answer

    def answer(self, ask: Ask) -> Answer:
        """Answer as recorded."""
        self.asked |= {ask.op} & OPERATIONS
        left = self._left.get(_key(ask))
        if left:
            return left.pop(0)
        self.strangers |= {ask.op} & OPERATIONS
        return self._last.get(ask.op) or self._otherwise.answer(ask)

    def close(self) -> None:
        """Close what stands behind it."""
        self._otherwise.close()


def _key(ask: Ask) -> str:
    try:
        return json.dumps([ask.op, values.encode(ask.argument)], sort_keys=True)
    except ValueError:
        return ask.op
