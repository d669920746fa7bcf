"""The status bar: model, pending proposals, sandbox level, branch, and the building of the embedded model's runtime.

What it shows is found in a thread after each line, so that neither the prompt nor a key press waits for it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.text import visible

if TYPE_CHECKING:
    from repl.session import Session


_BUILDING_S = 1.0  # how often the progress of a build is looked at; nothing is looked at again otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the bar shows; an empty part is not shown. Parts are dropped from the end where there is no room."""

    model: str = ""
    pending: int = 0
    sandbox: str = ""
    branch: str = ""
    building: str = ""
    notice: str = ""

    def parts(self) -> tuple[str, ...]:
        """The parts, the most important first."""
        waiting = f"{self.pending} to review" if self.pending else ""
        shown = (self.notice, waiting, self.building, self.model, self.branch, self.sandbox)
        return tuple(visible(part, keep_newlines=False) for part in shown if part)

    def text(self, width: int) -> str:
        """The bar, at most `width` columns wide."""
        from repl.render import cells, chop

        line = ""
        for part in self.parts():
            longer = f"{line} · {part}" if line else f" {part}"
            if cells(longer) > width:
                break
            line = longer
        return line or "".join(chop(" ".join(self.parts()), max(1, width))[:1])


class StatusBar:
    """Holds the newest `Status` and finds the next one in the background."""

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self._session = session
        self._changed = changed
        self._lock = threading.Lock()
        self._looking = False
        self._wanted = threading.Event()
        self._closed = False
        self.status = Status()

    def look(self) -> None:
        """Look as soon as possible; a look that is under way is followed by another."""
        self._wanted.set()
        with self._lock:
            if self._looking or self._closed:
                return
            self._looking = True
        threading.Thread(target=self._look, name="status", daemon=True).start()

    def _look(self) -> None:
        from repl.names import safe

        try:
            with contextlib.closing(self._session.twin()) as session:
                while self._goes_on():
                    session.enter(self._session.root)  # the person may work in another workspace by now
                    self.status = safe(session)
                    self._changed()
                    if self.status.building:
                        self._wanted.wait(_BUILDING_S)
        except BaseException:
            self._looking = False  # the next line starts another
            raise

    def _goes_on(self) -> bool:
        """Whether there is still something to look at; where there is not, the next look begins a thread of its own."""
        with self._lock:
            self._looking = not self._closed and (self._wanted.is_set() or bool(self.status.building))
            self._wanted.clear()
            return self._looking

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
        self._wanted.set()
