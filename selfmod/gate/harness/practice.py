"""Runs a few tests of our own in the fork server, before there is any work: what has been run often is quicker after.

The interpreter rewrites code that it runs for the first times, and caches fill. Where each of many forked processes
does that again for itself, it takes longer than the tests that they are for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from selfmod.gate.harness.forks import run_item
from selfmod.gate.harness.run import session

_TIMES = 10  # the interpreter counts to eight


class _Practised:
    """A pytest plugin that runs each test many times."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items * _TIMES:
            run_item(item)
        return True


def warm() -> None:
    """Collect and run the tests in `practised.py`; called once by a fork server that preloads this module."""
    path = Path(__file__).with_name("practised.py")
    known, written = set(sys.modules), sys.dont_write_bytecode
    os.chdir(path.parent)
    sys.dont_write_bytecode = True  # the installation is nobody's to write
    try:
        session([path.name], _Practised())
    finally:
        sys.dont_write_bytecode = written
        os.chdir("/")
        for name in set(sys.modules) - known:
            if getattr(sys.modules[name], "__file__", None) == str(path):
                del sys.modules[name]
