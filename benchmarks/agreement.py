"""Judges whole modules, one a mutant, by their tests: so our verdicts can be held against those of another tool."""

from __future__ import annotations

import ast
import os
from typing import Any

from selfmod.gate.harness import noter
from selfmod.gate.harness_forks import pool
from selfmod.gate.harness_mutation import judge_alone
from selfmod.gate.harness_world import World, enter
from selfmod.gate.schemata import schemata, switches


def judge_modules(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: for each of `modules` (sources), whether `mutants` ([{index, tests}]) survive; results by index as text."""
    note = noter(argument["nonce"])
    path = os.path.abspath(argument["entry"])
    names = switches(argument["nonce"])
    codes = [schemata(ast.parse(source), [], path, names) for source in argument["modules"]]
    fates: dict[str, Any] = {}
    with enter(World(**argument["world"])):
        work = [[mutant] for mutant in argument["mutants"]]
        run = pool(work, lambda one, say: judge_alone(argument, codes[one[0]["index"]], one[0], say), 2)
        for child in run:
            fate = child.lines[0]["result"] if child.lines else "time-out"
            fates[str(child.work[0]["index"])] = fate
    note({"kind": "end", "exit": 0})
    return fates


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
