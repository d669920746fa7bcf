"""The module that holds all its mutants: much syntax, and the same work as the plugin while none is active."""

from __future__ import annotations

import ast

from selfmod.gate.mutants.choice import mutants
from selfmod.gate.mutants.schemata import schemata, switches
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests

SYNTAX = """\
import asyncio
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    A = 1
    B = "b"


@dataclass(frozen=True)
class Item:
    name: str = "x"
    parts: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.parts) + 1

    @staticmethod
    def make(n: int, *, twice: bool = False) -> "Item":
        return Item(f"item {n:>3}", [n] * (2 if twice else 1))


def walk(values, *rest, key=lambda v: -v, **more):
    seen = {}
    for index, value in enumerate(sorted([*values, *rest], key=key)):
        if value in seen or not value:
            continue
        elif value > 10:
            break
        else:
            seen[value] = index
        try:
            seen[value] //= 1
        except (KeyError, ValueError) as error:
            raise RuntimeError("x") from error
        finally:
            seen.setdefault(None, 0)
    with_default = more.get("x", 1) if more else None
    return {k: v for k, v in seen.items() if k is not None}, with_default, (yes := len(seen)), yes


def matching(value):
    match value:
        case [1, *others] if len(others) > 1:
            return others[1:]
        case {"a": first}:
            return first
        case Item(name=name) | str(name):
            return f"{name!r}: {name.upper()}"
        case None | True:
            return not value
    return [x for row in value for x in row if x % 2 == 0]


async def later(n: int) -> int:
    async def one(i):
        await asyncio.sleep(0)
        return i * 2

    total = sum([await one(i) for i in range(n)])
    return total if 0 < total <= 100 else -total


def generate(n):
    while True:
        n -= 1
        if n < 0:
            return
        yield n ** 2
"""


def test_every_mutant_of_much_syntax_keeps_to_the_dialect():
    every = list(mutants(ast.parse(SYNTAX)))
    assert len(every) > 70
    tree = ast.parse(SYNTAX)
    names = switches("0")
    schemata(tree, mutants(tree), "plugin.py", names)
    for number in range(len(every)):
        tree = ast.parse(SYNTAX)
        schemata(tree, [mutant for mutant in mutants(tree) if mutant.index == number], "plugin.py", names)


def test_the_module_with_its_mutants_does_the_same_when_none_is_active(judged):
    tests = """\
import asyncio
from plugin import Item, generate, later, matching, walk
def test_all():
    assert walk([3, 1, 2], 0, 11) == ({}, None, 0, 0)
    assert walk([3, 1, 2], 0, x=5)[0] == {3: 0, 2: 1, 1: 2}
    assert matching([1, 2, 3]) == [3] and matching({"a": 4}) == 4 and matching("s") == "'s': S"
    assert matching(Item()) == "'x': X" and matching(None) is True and matching([[2, 3], [4]]) == [2, 4]
    assert asyncio.run(later(3)) == 6 and list(generate(3)) == [4, 1, 0]
    assert Item.make(2, twice=True) == Item("item   2", [2, 2]) and Item.make(1).size == 2
"""
    found = judged(SYNTAX, tests, Tests(), Mutation())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert "mutation.baseline" not in found.rules("mutation")
    assert found.stages["mutation"].figures["raw"] > 0.5
