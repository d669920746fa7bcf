from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.sandbox import Sandbox
from selfmod.gate.workers import PRELOAD


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The real sandbox as the gate has it, one for all tests."""
    with Sandbox(preload=PRELOAD) as opened:
        yield opened
