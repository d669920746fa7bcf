"""The body of a response with a bound on its size. Imported only when a server is asked: it needs the HTTP library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx2

from selfmod.models.errors import RESUME, EndlessAnswer

MAX_BODY: Final = 16 * 2**20


class Counted(httpx2.SyncByteStream):
    """Passes a body on until it is longer than any answer may be."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        left = MAX_BODY
        for piece in self._body:
            left -= len(piece)
            if left < 0:
                raise EndlessAnswer(f"the server sent more than {MAX_BODY // 2**20} MB", hint=RESUME)
            yield piece

    def close(self) -> None:
        """Close the connection behind it."""
        self._body.close()
