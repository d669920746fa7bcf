"""How asks are answered: without a raise, and beside everything else where somebody else's server takes its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from sandbox.outside.base import Answer, Ask, Failed, Outside
from sandbox.outside.held import HELD, Held

_SLOW: Final = ("http.", "tcp.")
_FRAMES: Final = 5


def is_slow(ask: Ask) -> bool:
    """Tell whether the answer may take long."""
    return ask.op.startswith(_SLOW)


def answered(outside: Outside, ask: Ask) -> Answer:
    """Return the answer; what an outside raises all the same is a mistake of ours, and ends the ask, not the host."""
    try:
        return outside.answer(ask)
    except Exception as error:  # noqa: BLE001 (as said above; it is logged)
        _log(ask, error)
        return Failed(kind="OSError", message="this could not be answered: that is an error of Ratchet")


class Beside:
    """The slow asks of one worker, each answered in a thread of its own, which nobody has to wait for."""

    def __init__(self) -> None:
        self._held = Held()

    def answer(self, outside: Outside, ask: Ask, look: Callable[[float], float]) -> Answer:
        """Answer an ask; `look` is called with the time, says when to do so again, and raises what ends the worker."""
        answers: SimpleQueue[Answer] = SimpleQueue()

        def work() -> None:
            HELD.set(self._held)
            answers.put(answered(outside, ask))

        # A daemon: Python joins all others, and executors theirs, before it ends.
        threading.Thread(target=work, name="sandbox answer", daemon=True).start()
        while True:
            try:
                return answers.get(timeout=max(0.0, look(time.monotonic()) - time.monotonic()))
            except Empty:
                continue

    def close(self) -> None:
        """Let nothing go on that was begun for this worker, which has ended."""
        self._held.cut()


def _log(ask: Ask, error: Exception) -> None:
    """Log a mistake by its kind and place: what it says may be a text of the program's."""
    import logging
    import traceback

    place = "".join(traceback.format_tb(error.__traceback__, limit=-_FRAMES))
    logging.getLogger(__name__).error("%r could not be answered: %s\n%s", ask.op, type(error).__name__, place)
