"""Counting tokens where no server counts them: an estimate that errs on the high side for code."""

from __future__ import annotations

from selfmod.models.base import Request

_BYTES_PER_TOKEN = 3
_TOKENS_PER_MESSAGE = 8


def estimate(text: str) -> int:
    """Return about how many tokens `text` has; more often too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def estimate_request(request: Request) -> int:
    """Return about how many tokens the question has, with the schema that may be sent along."""
    said = sum(estimate(message.content) + _TOKENS_PER_MESSAGE for message in request.messages)
    return said + estimate(request.schema)
