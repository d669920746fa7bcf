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

from selfmod.gate.harness import Note, canonical_id, noter, session
from selfmod.gate.harness_forks import Endless, Line, Say, limit_time, pool, run_item
from selfmod.gate.harness_notice import noticed
from selfmod.gate.harness_questions import constants, question
from selfmod.gate.harness_world import World, enter, reseed
from selfmod.gate.mutants import mutants
from selfmod.gate.schemata import schemata, switches

_TURNS = 2000  # that any test may take beyond twenty times what it takes without a mutant
_UNKNOWN = 50_000  # turns of a test that was not measured: in a process of its own, before anything was collected
_CPU_S = 1.0  # of one mutant beyond five times what its tests take: for what no counter sees, such as a pattern
_SLOWER = 5
_QUESTIONS = 7  # survivors that are asked about
_UNBOUNDED = 1 << 60
_NONE = -1  # the number of no mutant


def run_mutants(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: judge `mutants` ([{index, scope, tests, seconds}]) by the tests that cover them; one note for each."""
    note = noter(argument["nonce"])
    tree = ast.parse(Path(argument["entry"]).read_bytes())
    chosen = {mutant["index"] for mutant in argument["mutants"]}
    found = [mutant for mutant in mutants(tree) if mutant.index in chosen]
    code = schemata(tree, found, os.path.abspath(argument["entry"]), switches(argument["nonce"]))
    with enter(World(**argument["world"])):
        bench = Bench(argument, code, _NONE)
        argument["import_turns"] = 20 * bench.import_turns + _TURNS
        exit_code = session(argument["tests"], Judge(argument, code, bench, note))
    note({"kind": "end", "exit": int(exit_code)})
    return {"exit": int(exit_code)}


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
        """Remember the collected tests under their ids."""
        self.items = {canonical_id(item, self._indexed): item for item in session.items}

    def judge(self, mutant: Line, baseline: dict[str, int]) -> tuple[str, str]:
        """Run the tests of one mutant until an assertion notices it; return how it ended, and by which test."""
        best = ("survived", "")
        # Quick ones first, by what is counted: which one is asked first must not depend on the machine.
        for test in sorted(mutant["tests"], key=lambda test: baseline.get(test, 0)):
            error = self._run(test, mutant["index"], 20 * baseline.get(test, _UNKNOWN) + _TURNS)
            if error is None:
                continue
            if noticed(error, os.path.join(os.getcwd(), "tests", "")):
                return "value", test
            if isinstance(error, Endless):
                return "budget", test
            best = ("crash", test)
        return best

    def switch(self, mutant: Line, on: bool, turns: int) -> None:
        """Make a mutant active or not, with so many turns left."""
        self._forget()
        self.budget.left = turns
        vars(self.module)[self._active] = mutant["index"] if on else _NONE

    def passes(self, test: str) -> bool:
        """Return whether a test passes without a mutant."""
        return self._run(test, _NONE, 1 << 60) is None

    def turns(self, test: str) -> int | None:
        """Return how many turns a test takes without a mutant, None when it fails."""
        error = self._run(test, _NONE, 1 << 40)
        return None if error is not None else (1 << 40) - self.budget.left

    def _forget(self) -> None:
        """Empty caches: a remembered result would hide a mutant."""
        for value in vars(self.module).values():
            if hasattr(value, "cache_clear") and hasattr(value, "cache_info"):
                value.cache_clear()

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


def judge_alone(argument: dict[str, Any], code: CodeType, mutant: Line, session: pytest.Session) -> tuple[str, str]:
    """Judge one mutant of code that runs at import, in a process of its own that has collected nothing yet."""
    _limit(mutant)
    try:
        bench = Bench(argument, code, mutant["index"])
    except Endless:
        return "budget", "import"
    except Exception:  # noqa: BLE001 - however it fails, it is noticed
        return "crash", "import"
    try:
        session.perform_collect()
    except (Exception, Endless):  # noqa: BLE001
        return "crash", "collection"
    if session.testsfailed:
        return "crash", "collection"
    bench.take(session)
    return bench.judge(mutant, {})


class Judge:
    """A pytest plugin that collects once and then forks for the mutants instead of running the tests itself."""

    def __init__(self, argument: dict[str, Any], code: CodeType, bench: Bench, note: Note) -> None:
        self._note, self._workers = note, argument["workers"]
        self._argument, self._code = argument, code
        self._mutants: list[Line] = [mutant for mutant in argument["mutants"] if mutant["scope"] != "import"]
        self._bench = bench
        self._baseline: dict[str, int] = {}
        self._calls: list[Line] = argument["calls"]
        self._tree = ast.parse(Path(argument["entry"]).read_bytes())
        self._survivors: list[Line] = []
        self._alone = False

    def pytest_collection(self, session: pytest.Session) -> None:
        """Judge what runs at import first: tests bind it when they are collected, so that each needs its own."""
        late = [[mutant] for mutant in self._argument["mutants"] if mutant["scope"] == "import"]

        def judge(work: list[Line], say: Say) -> None:
            say(_line(work[0], *judge_alone(self._argument, self._code, work[0], session)))

        for child in pool(late, judge, self._workers, patient=False):
            self._note({"kind": "mutant", **(child.lines[0] if child.lines else _line(child.work[0], "time-out"))})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge every mutant: in batches first, and what survived or left traces again, alone."""
        self._bench.take(session)
        if not self._measure_baseline():
            return True
        again = self._judge([self._mutants[start :: self._workers] for start in range(self._workers)])
        self._alone = True
        self._judge([[mutant] for mutant in again])
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
        wanted = sorted({test for mutant in self._mutants for test in mutant["tests"]})
        for child in pool([wanted], self._run_baseline, 1):
            self._baseline = {line["test"]: line["turns"] for line in child.lines if line["turns"] is not None}
        failed = sorted(set(wanted) - set(self._baseline))
        self._note({"kind": "baseline", "failed": failed})
        return not failed

    def _run_baseline(self, work: list[str], say: Say) -> None:
        for test in work:
            say({"test": test, "turns": self._bench.turns(test)})

    def _judge(self, batches: list[list[Line]]) -> list[Line]:
        """Judge mutants in children; return those that need to be judged alone."""
        again: list[Line] = []
        for child in pool([batch for batch in batches if batch], self._run_batch, self._workers, patient=False):
            known = {mutant["index"]: mutant for mutant in child.work}
            for line in child.lines:
                if not self._alone and line["result"] in ("survived", "traces"):
                    again.append(known[line["index"]])
                elif line["by"] and not self._passes_afresh(line["by"]):
                    # Something outside the process, such as a file, makes the test fail without any mutant.
                    self._note({"kind": "mutant", **_line(known[line["index"]], "traces")})
                else:
                    self._survivors += [known[line["index"]]] if line["result"] == "survived" else []
                    self._note({"kind": "mutant", **line})
            rest = child.work[len(child.lines) :]
            if child.died and rest:
                self._note({"kind": "mutant", **_line(rest.pop(0), "time-out")})
            if rest:
                batches_left = [rest]
                again.extend(self._judge(batches_left))
        return again

    def _passes_afresh(self, test: str) -> bool:
        if not self._alone:
            return True
        return all(line["turns"] is not None for child in pool([[test]], self._run_baseline, 1) for line in child.lines)

    def _run_batch(self, work: list[Line], say: Say) -> None:
        for mutant in work:
            _limit(mutant)
            result, test = self._bench.judge(mutant, self._baseline)
            limit_time(0, 0)
            clean = self._alone or not test or self._bench.passes(test)
            say(_line(mutant, result, test) if clean else _line(mutant, "traces"))
            if not clean:
                return
