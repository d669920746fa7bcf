"""Runs the tests against mutants, inside a sandbox worker. All live in one module, and a number picks the active one.

The collected session is forked, so that a mutant costs a test call and not a start of pytest. Loops and calls are
counted, so that an endless mutant costs microseconds; a limit of CPU time is behind that, and one for what only waits.
Nothing here goes by the clock on the wall, so a busy machine kills no mutant. What is reported is evidence.
"""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from selfmod.gate.harness.assertions import RewrittenOnce
from selfmod.gate.harness.forks import Body, Endless, Line, Say, limit_time, pool, run_item
from selfmod.gate.harness.notice import noticed, raised, read
from selfmod.gate.harness.questions import constants, question
from selfmod.gate.harness.run import Note, canonical_id, noter, session
from selfmod.gate.harness.world import World, enter, reseed
from selfmod.gate.mutants.choice import Placed, choose, described
from selfmod.gate.mutants.schemata import schemata, switches

_TURNS = 2000  # that any test may take beyond twenty times what it takes without a mutant
_UNKNOWN = 50_000  # turns of a test that was not measured: in a process of its own, before anything was collected
_CPU_S = 1.0  # of one mutant beyond five times what its tests take: for what no counter sees, such as a pattern
_SLOWER = 5
_QUESTIONS = 7  # survivors that are asked about
_UNBOUNDED = 1 << 60
_NONE = -1  # the number of no mutant

Sequence = tuple[str, ...]  # ids of tests, in the order in which they run


def run_mutants(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: choose mutants (by `choice`) and judge them by those of `runs` that cover them ([{id, seconds, lines}]).

    A note tells the choice before anything of the candidate is loaded, and one note the fate of each mutant.
    """
    note = noter(argument["nonce"])
    source = Path(argument["entry"]).read_bytes()
    tree = ast.parse(source)
    placed = choose(tree, argument["choice"])
    changes = [described(source.decode(), one) for one in placed]
    note({"kind": "chosen", "changes": changes})
    work = [_work(change, argument["runs"]) for change in changes]
    exit_code = _judged({**argument, "mutants": work}, tree, placed, note) if placed else 0
    note({"kind": "end", "exit": int(exit_code)})
    return {"exit": int(exit_code)}


def _judged(argument: dict[str, Any], tree: ast.Module, placed: list[Placed], note: Note) -> int:
    path, names = os.path.abspath(argument["entry"]), switches(argument["nonce"])
    code = schemata(tree, [mutant for _, mutant in placed], path, names)
    read(argument["tests"])
    with enter(World(**argument["world"])):
        bench = Bench(argument, code, _NONE)
        argument["import_turns"] = 20 * bench.import_turns + _TURNS
        return session(argument["tests"], RewrittenOnce(argument["tests"]), Judge(argument, code, bench, note))


def _work(change: Line, runs: list[Line]) -> Line:
    """A mutant with the tests that run its line, in the order of `runs`; all of them where it runs at import."""
    covering = [run for run in runs if change["scope"] == "import" or change["line"] in run["lines"]]
    return {
        "index": change["index"],
        "scope": change["scope"],
        "tests": [run["id"] for run in covering],
        "seconds": sum(run["seconds"] for run in covering),
    }


class Budget:
    """Counts turns of loops and calls of functions."""

    def __init__(self) -> None:
        self.left = _UNBOUNDED

    def tick(self) -> bool:
        """Count one; called by the code under test."""
        self.left -= 1
        if self.left < 0:
            raise Endless
        return True


class Bench:
    """The plugin with its mutants, and the collected tests."""

    def __init__(self, argument: dict[str, Any], code: CodeType, active: int) -> None:
        from sandbox.language import new_module

        self._indexed, self._seed = frozenset(argument["indexed"]), argument["world"]["seed"]
        self.budget = Budget()
        self.items: dict[str, pytest.Item] = {}
        self._caches: list[Any] = []
        self._tests, self._plugin = os.path.join(os.getcwd(), "tests", ""), os.path.abspath(argument["entry"])
        self.budget.left = argument.get("import_turns", _UNBOUNDED)
        before = self.budget.left
        names = switches(argument["nonce"])
        self._active = names.active
        self.module: ModuleType = new_module(
            Path(argument["entry"]).stem, code, names={names.active: active, names.tick: self.budget.tick}
        )
        sys.modules[self.module.__name__] = self.module
        self.import_turns = before - self.budget.left
        self.budget.left = _UNBOUNDED

    def take(self, session: pytest.Session) -> None:
        """Remember the collected tests under their ids, and the caches of the module."""
        self.items = {canonical_id(item, self._indexed): item for item in session.items}
        values = vars(self.module).values()
        self._caches = [one for one in values if hasattr(one, "cache_clear") and hasattr(one, "cache_info")]

    def judge(self, mutant: Line, baseline: dict[str, int]) -> tuple[str, str]:
        """Run the tests of one mutant until an assertion notices it; return how it ended, and by which test."""
        best = ("survived", "")
        for test in mutant["tests"]:
            error = self._run(test, mutant["index"], 20 * baseline.get(test, _UNKNOWN) + _TURNS)
            if error is None:
                continue
            if noticed(error, self._tests) and (
                isinstance(error, Endless) or not raised(error, self._tests, self._plugin)
            ):
                return "value", test
            if isinstance(error, Endless):
                return "budget", test
            if best[0] != "raised":
                best = ("raised" if noticed(error, self._tests) else "crash", test)
        return best

    def switch(self, mutant: Line, on: bool, turns: int) -> None:
        """Make a mutant active or not, with so many turns left."""
        self._forget()
        self.budget.left = turns
        vars(self.module)[self._active] = mutant["index"] if on else _NONE

    def turns(self, test: str) -> int | None:
        """Return how many turns a test takes without a mutant, None when it fails."""
        error = self._run(test, _NONE, 1 << 40)
        return None if error is not None else (1 << 40) - self.budget.left

    def run_in_order(self, tests: Sequence, say: Say) -> None:
        """Run tests without a mutant, one after the other, and tell the turns of each."""
        for test in tests:
            say({"test": test, "turns": self.turns(test)})

    def _forget(self) -> None:
        """Empty caches: a remembered result would hide a mutant."""
        for cache in self._caches:
            cache.cache_clear()

    def _run(self, test: str, active: int, turns: int) -> BaseException | None:
        self._forget()
        reseed(self._seed, test)
        self.budget.left = turns
        vars(self.module)[self._active] = active
        try:
            return run_item(self.items[test])
        finally:
            vars(self.module)[self._active] = _NONE


def _line(mutant: Line, result: str, test: str = "") -> Line:
    return {"index": mutant["index"], "result": result, "by": test}


def _limit(mutant: Line) -> None:
    limit_time(_CPU_S + _SLOWER * mutant["seconds"], 0)


def from_the_start(argument: dict[str, Any], code: CodeType, active: int, session: pytest.Session) -> Bench | str:
    """Load the plugin and collect its tests, in a process that has done neither; return why not where that fails."""
    try:
        bench = Bench(argument, code, active)
    except Endless:
        return "budget"
    except Exception:  # noqa: BLE001 - however it fails, it is noticed
        return "crash"
    try:
        session.perform_collect()
    except (Exception, Endless):  # noqa: BLE001 - as above: files that use it are not collected
        return "crash"
    if session.testsfailed:
        return "crash"
    bench.take(session)
    return bench


def judge_alone(argument: dict[str, Any], code: CodeType, mutant: Line, session: pytest.Session) -> tuple[str, str]:
    """Judge one mutant of code that runs at import, in a process of its own that has collected nothing yet."""
    _limit(mutant)
    bench = from_the_start(argument, code, mutant["index"], session)
    return (bench, "") if isinstance(bench, str) else bench.judge(mutant, {})


class Judge:
    """A pytest plugin that collects once and then forks for each mutant instead of running the tests itself.

    A mutant and the plugin without it meet the same tests in the same state: that of a session which has run none. So
    no test can tell one from the other by what it remembers of earlier runs.
    """

    def __init__(self, argument: dict[str, Any], code: CodeType, bench: Bench, note: Note) -> None:
        self._note, self._workers = note, argument["workers"]
        self._argument, self._code = argument, code
        self._mutants: list[Line] = [mutant for mutant in argument["mutants"] if mutant["scope"] != "import"]
        self._bench = bench
        self._baseline: dict[str, int] = {}
        self._calls: list[Line] = argument["calls"]
        self._tree = ast.parse(Path(argument["entry"]).read_bytes())
        self._survivors: list[Line] = []

    def pytest_collection(self, session: pytest.Session) -> None:
        """Judge what runs at import first: tests bind it when they are collected, so that each needs its own."""
        late = [mutant for mutant in self._argument["mutants"] if mutant["scope"] == "import"]

        def judge(work: list[Line], say: Say) -> None:
            say(_line(work[0], *judge_alone(self._argument, self._code, work[0], session)))

        def check(work: list[Sequence], say: Say) -> None:
            bench = from_the_start(self._argument, self._code, _NONE, session)
            if isinstance(bench, Bench):
                bench.run_in_order(work[0], say)

        self._tell(late, judge, check)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge every mutant of what the tests call, and ask about those that nobody noticed."""
        self._bench.take(session)
        if not self._measure_baseline():
            return True
        for mutant in self._mutants:
            # Quick ones first, by what is counted: which one is asked first must not depend on the machine.
            mutant["tests"].sort(key=lambda test: self._baseline[test])
        self._tell(self._mutants, self._judge, lambda work, say: self._bench.run_in_order(work[0], say))
        self._ask()
        return True

    def _ask(self) -> None:
        """Look for inputs that tell survivors from the plugin, where there are calls to start from."""
        asked = [[mutant] for mutant in self._survivors[:_QUESTIONS]] if self._calls else []
        for child in pool(asked, self._question, self._workers, patient=False):
            for line in child.lines:
                self._note({"kind": "question", "index": child.work[0]["index"], **line})

    def _question(self, work: list[Line], say: Say) -> None:
        limit_time(_CPU_S, 0)
        bench, own = self._bench, constants(self._tree)
        found = question(bench.module, self._calls, own, lambda on, turns: bench.switch(work[0], on, turns))
        if found is not None:
            say(found)

    def _measure_baseline(self) -> bool:
        wanted = tuple(sorted({test for mutant in self._mutants for test in mutant["tests"]}))
        for child in pool([[wanted]], lambda work, say: self._bench.run_in_order(work[0], say), 1):
            self._baseline = {line["test"]: line["turns"] for line in child.lines if line["turns"] is not None}
        failed = sorted(set(wanted) - set(self._baseline))
        self._note({"kind": "baseline", "failed": failed})
        return not failed

    def _judge(self, work: list[Line], say: Say) -> None:
        _limit(work[0])
        say(_line(work[0], *self._bench.judge(work[0], self._baseline)))

    def _tell(self, found: list[Line], judge: Body, check: Body) -> None:
        """Judge each mutant in a child of its own. What a test notices counts if it passes there without the mutant."""
        children = list(pool([[mutant] for mutant in found], judge, self._workers, patient=False))
        fates = [
            (child.work[0], child.lines[0] if child.lines else _line(child.work[0], "time-out")) for child in children
        ]
        passing = self._passing({_until(mutant, fate["by"]) for mutant, fate in fates if fate["by"]}, check)
        for mutant, fate in fates:
            told = not fate["by"] or _until(mutant, fate["by"]) in passing
            self._survivors += [mutant] if fate["result"] == "survived" else []
            self._note({"kind": "mutant", **(fate if told else _line(mutant, "traces"))})

    def _passing(self, wanted: set[Sequence], check: Body) -> set[Sequence]:
        """Those sequences of tests whose last one passes without a mutant, after the others have run."""
        longest = [one for one in wanted if not any(one != other and one == other[: len(one)] for other in wanted)]
        found: set[Sequence] = set()
        for child in pool([[one] for one in longest], check, self._workers):
            for place, line in enumerate(child.lines, start=1):
                found |= {child.work[0][:place]} if line["turns"] is not None else set()
        return found


def _until(mutant: Line, test: str) -> Sequence:
    """The tests of a mutant up to one of them, in the order in which they run."""
    return tuple(mutant["tests"][: mutant["tests"].index(test) + 1])
