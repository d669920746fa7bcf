"""What stops a part of the outside in the middle of its work."""

from __future__ import annotations

from sandbox.outside.base import Refused


class LimitReached(Exception):
    """A part would go over a ceiling of `Limits`."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit


class NotGranted(Exception):
    """A part found, on the way, something that the policy does not allow (a redirect, an address, a protected file)."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused
