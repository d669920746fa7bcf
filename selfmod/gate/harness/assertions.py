"""The assertions of the tests, inside a sandbox worker: which lines ran, which assertions failed, and their rewriting.

pytest rewrites an assertion so that its failure is explained by one function before it is raised; what passes through
there has failed, also where a test goes on as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.assertion import rewrite

if TYPE_CHECKING:
    from coverage import Coverage

Place = tuple[str, int]
_EXPLAINS = "_format_explanation"  # pytest has a public hook for assertions that pass, and none for those that fail
_REWRITES = "_rewrite_test"  # pytest keeps what it has rewritten in files only


@contextmanager
def watched() -> Iterator[set[Place]]:
    """Collect the places of assertions that fail: path and line."""
    failed: set[Place] = set()
    explain = getattr(rewrite, _EXPLAINS)

    def explained(text: str) -> str:
        frame = sys._getframe(1)  # noqa: SLF001 - the place of the assertion
        failed.add((os.path.relpath(frame.f_code.co_filename), frame.f_lineno))
        return str(explain(text))

    setattr(rewrite, _EXPLAINS, explained)
    try:
        yield failed
    finally:
        setattr(rewrite, _EXPLAINS, explain)


def lines_run(measure: Coverage, tests: Sequence[str], outside: Sequence[str]) -> Iterator[Place]:
    """Yield the lines of the test files that ran within a test; the contexts `outside` are none."""
    data = measure.get_data()
    data.set_query_contexts(None)
    for path in tests:
        for line, contexts in data.contexts_by_lineno(os.path.abspath(path)).items():
            if set(contexts) - set(outside):
                yield path, line


class RewrittenOnce:
    """A pytest plugin: processes that are forked from this one and collect the tests find them rewritten already."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._paths = [Path(os.path.abspath(path)) for path in tests]

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Iterator[None]:
        """Rewrite every file now; one that cannot be fails where it is collected."""
        plain = getattr(rewrite, _REWRITES)
        once = functools.cache(plain)
        for path in self._paths:
            with contextlib.suppress(SyntaxError, ValueError, OSError):
                once(path, session.config)
        setattr(rewrite, _REWRITES, once)
        try:
            return (yield)
        finally:
            setattr(rewrite, _REWRITES, plain)
