"""What a test file can reach while it runs: views in place of modules, and of pytest's fixtures the harmless part.

The policy refuses the rest in the source; this holds it for what is reached by another name.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from plugins.sdk_testing import unscripted
from sandbox.language.suite_modules import suite_import

# What the rewriting of assertions puts into every test file, under names that no source can write.
_REWRITING = frozenset({"builtins", "_pytest.assertion.rewrite"})


@contextmanager
def closed_imports() -> Iterator[None]:
    """Give the candidate's own files views where they import modules; the policy keeps `_REWRITING` out of sources."""
    root, plain = os.path.join(os.getcwd(), "tests", ""), builtins.__import__

    def guarded(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:  # noqa: A002
        if name in _REWRITING or not str((globals or {}).get("__file__", "")).startswith(root):
            return plain(name, globals, locals, fromlist, level)
        return suite_import(name, fromlist)

    builtins.__import__ = guarded
    try:
        yield
    finally:
        builtins.__import__ = plain


@dataclass(frozen=True, slots=True)
class Captured:
    """What a test sees of `capsys`: pytest's own object holds the request, and with it the whole session.

    There is no way past the capture: what is written there would stand beside what the gate says.
    """

    readouterr: Callable[[], Any]


class Fixtures:
    """A pytest plugin that stands in front of pytest's fixtures."""

    @pytest.fixture(autouse=True)
    def _fresh_outside(self) -> Iterator[None]:
        """Each test has neutral doubles of its own, so that what they draw and keep depends on no other test."""
        with unscripted():
            yield

    @pytest.fixture
    def capsys(self, capsys: pytest.CaptureFixture[str]) -> Captured:
        """What is printed."""
        return Captured(capsys.readouterr)

    @pytest.fixture
    def capfd(self, capfd: pytest.CaptureFixture[str]) -> Captured:
        """What is written to the standard streams."""
        return Captured(capfd.readouterr)
