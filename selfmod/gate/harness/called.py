"""Which lambdas of the plugin were called, inside a sandbox worker.

Lines do not show it: that of a lambda runs where it is made. The interpreter tells of each call of code, and is asked
no longer once everything was called that there is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from selfmod.gate.reading.pieces import lambdas


class Called:
    """The lambdas of one module, and the places in it of what was called while somebody watched."""

    def __init__(self, code: CodeType | None) -> None:
        # By identity: two lambdas that do the same are equal.
        self._left = {id(one): place for place, one in enumerate(lambdas(code) if code else ())}
        self._code = code  # so that no other code gets the identity of one of these
        self.places: set[int] = set()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take note of what is called."""
        if not self._left:
            yield
            return
        sys.setprofile(self._event)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _event(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or (place := self._left.pop(id(frame.f_code), None)) is None:
            return
        self.places.add(place)
        if not self._left:
            sys.setprofile(None)
