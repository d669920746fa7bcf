from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The real sandbox, one for all tests."""
    with Sandbox() as opened:
        yield opened
