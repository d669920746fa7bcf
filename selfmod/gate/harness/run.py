"""Runs a plugin's tests with pytest, inside a sandbox worker. What it reports is evidence, never a verdict.

The functions here are jobs: a fork server that holds pytest and coverage forks a worker, the candidate's files lie in
the current folder, and notes stream to the host as things happen. Nothing of the candidate configures anything: no ini
file, conftest or plugin is read, and every option is fixed here.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

import coverage
import pytest
from _pytest.config import default_plugins

from plugins.sdk_testing import recorded, unscripted
from selfmod.gate.harness.assertions import lines_run, watched
from selfmod.gate.harness.called import Called
from selfmod.gate.harness.calls import CallLog, asks_since, shadow
from selfmod.gate.harness.reach import Fixtures, closed_imports
from selfmod.gate.harness.world import REVERSED, World, enter, reseed

if TYPE_CHECKING:
    from coverage import Coverage

# Built-in plugins of pytest that a test of a plugin has no use for; each costs start-up time.
_OFF = (
    "cacheprovider", "terminal", "pastebin", "junitxml", "faulthandler", "doctest", "setuponly", "setupplan",
    "stepwise", "debugging", "logging", "legacypath",
    "unraisableexception", "threadexception", "tracemalloc", "unittest",
    "subtests", "monkeypatch", "tmpdir", "recwarn",
)  # fmt: skip
# Held in the fork server, so that no worker pays for importing them.
_USED = ("_argcomplete", *(name for name in default_plugins if name not in _OFF))
_HELD = tuple(importlib.import_module(f"_pytest.{name}") for name in _USED)
_BETWEEN = "\0between"  # the context of what runs in no test, such as the import of a test file
_MESSAGE = 2000  # characters of one failure that are worth showing

Note = Callable[[dict[str, Any]], None]


def run_suite(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: run every test once; notes tell of the import, the collection, each test and what it executed."""
    from sandbox.language import new_module

    note = noter(argument["nonce"])
    world = World(**argument["world"])
    measure = _coverage([argument["entry"], *argument["tests"]]) if argument["measure"] else None
    log = CallLog()
    with enter(world):
        with _measuring(measure):
            started = time.perf_counter()
            code = compiled(argument["entry"])
            called = Called(code if measure else None)
            with called.watched():
                module = new_module(Path(argument["entry"]).stem, code)
            seconds = time.perf_counter() - started
        note({"kind": "import", "seconds": seconds})
        sys.modules[module.__name__] = shadow(module, log)
        recorder = Recorder(note, log, measure, called, argument)
        with _measuring(measure):
            if measure:
                measure.switch_context(_BETWEEN)
            with watched() as failed:
                ended = session(argument["tests"], recorder)
    for context, arcs in _executed(measure, argument["entry"]):
        note({"kind": "arcs", "test": context, "arcs": arcs})
    if measure:
        ran = sorted(lines_run(measure, argument["tests"], ["", _BETWEEN]))
        note({"kind": "assertions", "ran": ran, "failed": sorted(failed)})
        note({"kind": "lambdas", "ran": sorted(called.places)})
    note({"kind": "end", "exit": int(ended), "tests": recorder.reported})
    return {"exit": int(ended)}


def load(entry: str) -> ModuleType:
    """Load the plugin's module exactly as in production: compiled by the language policy, by the same loader."""
    from sandbox.language import new_module

    return new_module(Path(entry).stem, compiled(entry))


def compiled(entry: str) -> CodeType:
    """Compile the plugin's module by the language policy."""
    from sandbox.language import compile_module

    return compile_module(Path(entry).read_bytes(), os.path.abspath(entry))


def session(tests: Sequence[str], *plugins: object) -> int:
    """Run pytest on the test files with nothing but fixed options and our plugins."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    here = os.getcwd()  # also where the tree of what is collected begins, instead of at the root
    options = ["--noconftest", "-c", "/dev/null", "--rootdir", here, "--confcutdir", here]
    options += ["--import-mode=importlib", "--capture=no"]
    off = [part for name in _OFF for part in ("-p", f"no:{name}")]
    # A test that sets no doubles of its own gets neutral ones: nothing of the outside is ever real.
    with closed_imports(), unscripted():
        return pytest.main([*off, *options, *tests], plugins=[Fixtures(), *plugins])


class Recorder:
    """A pytest plugin that tells the host what was collected and how each test ended."""

    def __init__(
        self, note: Note, log: CallLog, measure: Coverage | None, called: Called, argument: Mapping[str, Any]
    ) -> None:
        self._note, self._log, self._measure, self._called = note, log, measure, called
        self._indexed = frozenset(argument["indexed"])
        self._order, self._seed = argument.get("order"), argument["world"]["seed"]
        self._state: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, str] = {}
        self.reported = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Give each test the id that reading the files gives it, and shuffle where an order is asked for."""
        self._ids = {item.nodeid: canonical_id(item, self._indexed) for item in items}
        if self._order == REVERSED:
            items.reverse()  # of any two tests, each comes first in one of the runs
        elif self._order is not None:
            random.Random(self._order).shuffle(items)  # noqa: S311

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell of a file that could not be collected."""
        if report.failed:
            self._note({"kind": "collect-error", "path": report.nodeid, "message": str(report.longrepr)[-_MESSAGE:]})

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell which tests there are."""
        self._note({"kind": "collected", "ids": [self._ids[item.nodeid] for item in session.items]})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Bind what is executed and called to the test."""
        name = self._ids[item.nodeid]
        self._state[name] = {"outcome": "passed", "seconds": 0.0, "message": "", "path": "", "line": 0}
        self._log.begin(name)
        reseed(self._seed, name)
        before = len(recorded())
        if self._measure:
            self._measure.switch_context(name)
        with self._called.watched():
            result = yield
        calls = self._log.end()
        if self._measure:
            self._measure.switch_context(_BETWEEN)
        self.reported += 1
        self._note({"kind": "test", "id": name, "calls": calls, "asks": asks_since(before), **self._state[name]})
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of set-up, call and tear-down."""
        state = self._state[self._ids[report.nodeid]]
        state["seconds"] += report.duration
        if report.passed and not hasattr(report, "wasxfail"):
            return
        state["outcome"] = "skipped" if report.skipped or hasattr(report, "wasxfail") else _failure(report.when)
        crash = getattr(report.longrepr, "reprcrash", None)
        state["message"] = str(getattr(crash, "message", report.longrepr))[:_MESSAGE]
        state["path"], state["line"] = _relative(getattr(crash, "path", "")), int(getattr(crash, "lineno", 0) or 0)


def canonical_id(item: pytest.Item, indexed: frozenset[str]) -> str:
    """The id of a test as reading its file gives it; positions stand in where values are not literal."""
    base, bracket, _ = item.nodeid.partition("[")
    callspec = getattr(item, "callspec", None)
    if not bracket or base not in indexed or callspec is None:
        return item.nodeid
    # pytest numbers the tests that all marks of a function make together, the same for each of their parameters.
    return f"{base}[#{next(iter(callspec.indices.values()))}]"


def _failure(when: str | None) -> str:
    return "failed" if when == "call" else "error"


def _relative(path: str) -> str:
    root = os.getcwd() + os.sep
    return path.removeprefix(root)


def noter(nonce: str) -> Note:
    """Send notes to the host that carry the nonce of this run."""
    from sandbox.worker import note

    def send(message: dict[str, Any]) -> None:
        note({**message, "nonce": nonce})

    return send


def _coverage(files: Sequence[str]) -> Coverage:
    paths = [os.path.abspath(path) for path in files]
    measure = coverage.Coverage(data_file=None, branch=True, include=paths, config_file=False, messages=False)
    measure.set_option("run:core", "ctrace")  # contexts are not supported by the core that 3.14 would choose
    measure.set_option("report:exclude_lines", [])
    return measure


@contextmanager
def _measuring(measure: Coverage | None) -> Iterator[None]:
    if measure is None:
        yield
        return
    measure.start()
    try:
        yield
    finally:
        measure.stop()


def _executed(measure: Coverage | None, entry: str) -> Iterator[tuple[str, list[list[int]]]]:
    """The arcs of the entry module by test; "" is the import. What ran between tests counts for nothing."""
    if measure is None:
        return
    data, path = measure.get_data(), os.path.abspath(entry)
    for context in sorted(data.measured_contexts()):
        if context == _BETWEEN:
            continue
        data.set_query_context(context)
        yield context, sorted([start, end] for start, end in data.arcs(path) or ())
