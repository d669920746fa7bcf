"""Stops workers that are idle: the one thread of a sandbox, asleep whenever nothing has been used."""

from __future__ import annotations

import threading
from typing import Final

from sandbox.session import Worker

# Long enough that calls in a row are not slowed by it, short enough that work after a reply gains nothing.
_GRACE_S: Final = 0.05


class Resting:
    """Puts each worker to rest a moment after its last use, so that idle ones use no CPU whatever runs in them."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._watched: set[Worker] = set()
        self._thread: threading.Thread | None = None
        self._closed = False

    def after_use(self, worker: Worker) -> None:
        """Have the worker put to rest soon; not needed for one that is being watched already."""
        with self._change:
            worker.watched = True
            self._watched.add(worker)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="sandbox rest", daemon=True)
                self._thread.start()
            else:
                self._change.notify()

    def close(self) -> None:
        """Stop the thread."""
        with self._change:
            self._closed = True
            self._watched.clear()
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._watched or self._closed)
                if self._closed:
                    return
                watched = list(self._watched)
            waits = [(_rest(worker), worker) for worker in watched]
            with self._change:
                self._watched.difference_update(worker for wait, worker in waits if not wait and not worker.watched)
                longest = min((wait for wait, _ in waits if wait), default=0.0)
                if longest and not self._closed:
                    self._change.wait(longest)


def _rest(worker: Worker) -> float:
    try:
        return worker.rest(_GRACE_S)
    except OSError:  # such as no room for a descriptor now: the thread goes on, and comes again
        return _GRACE_S
