"""Judges whole modules, one a mutant, by their tests: so our verdicts can be held against those of another tool."""

from __future__ import annotations

import ast
import os
from types import CodeType
from typing import Any

import pytest

from selfmod.gate.harness.forks import Say, pool
from selfmod.gate.harness.mutation import judge_alone
from selfmod.gate.harness.run import noter, session
from selfmod.gate.harness.world import World, enter
from selfmod.gate.mutants.schemata import schemata, switches


def judge_modules(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: for each of `modules` (sources), whether `mutants` ([{index, tests}]) survive; results by index as text."""
    note = noter(argument["nonce"])
    path = os.path.abspath(argument["entry"])
    names = switches(argument["nonce"])
    codes = [schemata(ast.parse(source), [], path, names) for source in argument["modules"]]
    judge = Modules(argument, codes)
    with enter(World(**argument["world"])):
        session(argument["tests"], judge)
    note({"kind": "end", "exit": 0})
    return judge.fates


class Modules:
    """A pytest plugin that judges each module in a process of its own, and collects and runs nothing itself."""

    def __init__(self, argument: dict[str, Any], codes: list[CodeType]) -> None:
        self._argument, self._codes = argument, codes
        self.fates: dict[str, Any] = {}

    def pytest_collection(self, session: pytest.Session) -> bool:
        """Judge."""

        def judge(work: list[Any], say: Say) -> None:
            (mutant,) = work
            result, _ = judge_alone(self._argument, self._codes[mutant["index"]], mutant, session)
            say({"result": result})

        for child in pool([[mutant] for mutant in self._argument["mutants"]], judge, 2):
            fate = child.lines[0]["result"] if child.lines else "time-out"
            self.fates[str(child.work[0]["index"])] = fate
        return True


def as_modules(original: str, mutated: str) -> dict[str, str]:
    """The modules of mutmut's variants of top-level functions: name of the variant to source."""
    plain = ast.parse(original)
    found = {}
    for node in ast.parse(mutated).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("x_") and "__mutmut_" in node.name:
            name, _, number = node.name.removeprefix("x_").rpartition("__mutmut_")
            if number.isdigit():
                variant = node.name
                node.name = name
                body = [node if isinstance(old, ast.FunctionDef) and old.name == name else old for old in plain.body]
                found[variant] = ast.unparse(ast.fix_missing_locations(ast.Module(body=body, type_ignores=[])))
    return found
