"""Runs each test alone, inside a sandbox worker: in a fork of the moment after collection, before any test has run."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from selfmod.gate.harness.calls import CallLog, shadow
from selfmod.gate.harness.forks import Line, Say, pool, run_item
from selfmod.gate.harness.run import Note, canonical_id, load, noter, session
from selfmod.gate.harness.world import World, enter, reseed

_AT_ONCE = 2
_MESSAGE = 2000


def run_alone(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: run every test in a process of its own; the notes are those of `run_suite`."""
    note = noter(argument["nonce"])
    with enter(World(**argument["world"])):
        started = time.perf_counter()
        module = load(argument["entry"])
        note({"kind": "import", "seconds": time.perf_counter() - started})
        log = CallLog()
        sys.modules[module.__name__] = shadow(module, log)
        code = session(argument["tests"], Alone(note, log, argument))
    note({"kind": "end", "exit": int(code)})
    return {"exit": int(code)}


class Alone:
    """A pytest plugin that forks for each collected test."""

    def __init__(self, note: Note, log: CallLog, argument: dict[str, Any]) -> None:
        self._note, self._log = note, log
        self._indexed, self._seed = frozenset(argument["indexed"]), argument["world"]["seed"]
        self._items: dict[str, pytest.Item] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests, two at a time."""
        self._items = {canonical_id(item, self._indexed): item for item in session.items}
        self._note({"kind": "collected", "ids": list(self._items)})
        for child in pool([[name] for name in self._items], self._run, _AT_ONCE):
            died = _line(child.work[0], "error", "the process of this test ended early")
            self._note({"kind": "test", **(child.lines[0] if child.lines else died)})
        return True

    def _run(self, work: list[str], say: Say) -> None:
        (name,) = work
        self._log.begin(name)
        reseed(self._seed, name)
        error = run_item(self._items[name])
        calls = self._log.end()
        skipped = isinstance(error, pytest.skip.Exception)
        outcome = "passed" if error is None else "skipped" if skipped else "failed"
        message = "" if error is None else f"{type(error).__name__}: {error}"[:_MESSAGE]
        say({**_line(name, outcome, message), "calls": calls})


def _line(name: str, outcome: str, message: str) -> Line:
    return {"id": name, "outcome": outcome, "seconds": 0.0, "message": message, "path": "", "line": 0, "calls": []}
