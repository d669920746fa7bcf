"""Stops workers that are idle: the one thread of a sandbox, asleep whenever nothing has been used."""

from __future__ import annotations

import threading
import time
from typing import Final

from sandbox.session import Worker

# Long enough that calls in a row are not slowed by it, short enough that work after a reply gains nothing.
_GRACE_S: Final = 0.05


class Resting:
    """Puts each worker to rest a moment after its last use, so that idle ones use no CPU whatever runs in them."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._due: dict[Worker, float] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def after_use(self, worker: Worker) -> None:
        """Have the worker put to rest soon."""
        with self._change:
            first = not self._due
            self._due[worker] = time.monotonic() + _GRACE_S
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="sandbox rest", daemon=True)
                self._thread.start()
            elif first:
                self._change.notify()

    def close(self) -> None:
        """Stop the thread."""
        with self._change:
            self._closed = True
            self._due.clear()
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._due or self._closed)
                if self._closed:
                    return
                now = time.monotonic()
                ready = [worker for worker, due in self._due.items() if due <= now]
                for worker in ready:
                    del self._due[worker]
                if not ready:
                    self._change.wait(min(self._due.values()) - now)
            for worker in ready:
                worker.rest()
