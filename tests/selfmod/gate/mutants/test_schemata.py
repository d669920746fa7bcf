"""The module that holds all its mutants: much syntax, and the same work as the plugin while none is active."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import pytest

from selfmod.gate.bench import CORPUS
from selfmod.gate.corpus import read_corpus
from selfmod.gate.mutants.choice import described, mutants
from selfmod.gate.mutants.schemata import NotCompiled, schemata, switches
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests

SYNTAX = """\
import asyncio
import re
from dataclasses import dataclass, field
from enum import Enum
from io import StringIO


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


def words(text):
    return re.split(r"[,;]", text, maxsplit=2)


def table(rows, width, *, total: float = 0.5):
    lines = [f"{name:<{width}} {count:>{width + 1}d} {share:.{max(width, 1)}%}" for name, count, share in rows]
    with StringIO(lines[0] if lines else "") as file, StringIO(f"{total!r:>{width}}") as other:
        first, *rest = (lambda a, b=2: a + b)(len(rows), b=width), file.read(), other.read()
        del lines[width + 1 :]
    assert first > 1, f"{first:{'>'}{width}}"
    return lines, rest, f"{total:,.2f} {f'{width:03d}'}"


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
from plugin import Item, generate, later, matching, table, walk
def test_all():
    assert walk([3, 1, 2], 0, 11) == ({}, None, 0, 0)
    assert walk([3, 1, 2], 0, x=5)[0] == {3: 0, 2: 1, 1: 2}
    assert matching([1, 2, 3]) == [3] and matching({"a": 4}) == 4 and matching("s") == "'s': S"
    assert matching(Item()) == "'x': X" and matching(None) is True and matching([[2, 3], [4]]) == [2, 4]
    assert asyncio.run(later(3)) == 6 and list(generate(3)) == [4, 1, 0]
    row = "a        3 25.0000%"
    assert table([("a", 3, 0.25)], 4) == ([row], [row, " 0.5"], "0.50 004")
    assert Item.make(2, twice=True) == Item("item   2", [2, 2]) and Item.make(1).size == 2
"""
    found = judged(SYNTAX, tests, Tests(), Mutation())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert "mutation.baseline" not in found.rules("mutation")
    assert found.stages["mutation"].figures["raw"] > 0.5


FORMATS = """\
def f(value, width):
    return f"{value:,.2f} {value!r:>{width}} {width:03} {width:{width}d}"
"""


def written(number: int) -> str:
    """What the module writes when this mutant of its format specs is active."""
    tree, names = ast.parse(FORMATS), switches("0")
    chosen = [one for one in mutants(tree) if isinstance(one.node, ast.Constant) and str(one.node.value).strip()]
    space: dict[str, Any] = {names.active: -1 if number < 0 else chosen[number].index, names.tick: lambda: True}
    exec(schemata(tree, chosen, "plugin.py", names), space)
    text: str = space["f"](1234.5, 7)
    return text


def test_a_mutant_of_a_format_spec_changes_what_is_written() -> None:
    assert written(-1) == "1,234.50  1234.5 007       7"
    assert [written(number) for number in range(3)] == [
        "1234.5  1234.5 007       7",
        "1,234.50 1234.5  007       7",
        "1,234.50  1234.5 7       7",
    ]


def test_the_diff_of_a_format_spec_shows_the_part_that_changes() -> None:
    source = 'def f(red, green):\n    return "#" + f"{red:02x}, {green:02x}, {red:02x}"\n'
    found = [described(source, (2, one)) for one in mutants(ast.parse(source)) if one.operator == "constant"]
    assert [one["after"] for one in found if one["after"][0].startswith('    return "#" + ')] == [
        ["    return \"#\" + f'{red:}, {green:02x}, {red:02x}'"],
        ["    return \"#\" + f'{red:02x}{green:02x}, {red:02x}'"],
        ["    return \"#\" + f'{red:02x}, {green:}, {red:02x}'"],
        ["    return \"#\" + f'{red:02x}, {green:02x}{red:02x}'"],
        ["    return \"#\" + f'{red:02x}, {green:02x}, {red:}'"],
    ]


def test_no_format_spec_becomes_what_writes_the_same() -> None:
    source = 'def f(a, b, day, width):\n    return f"{a:d}{b:s}{day:%Y-%m-%d}{a:>{width}d}"\n'
    changed = [one for one in mutants(ast.parse(source)) if one.operator == "constant"]
    assert [
        (ast.unparse(one.node), ast.unparse(one.variant)) for one in changed if isinstance(one.variant, ast.expr)
    ] == [
        ("'%Y-%m-%d'", "'%Y-%m-%dX'"),
        ("'>'", "'<'"),
    ]


def test_a_mutant_that_would_never_run_is_no_mutant() -> None:
    """It would pass for one that no test notices."""
    source = "def f(a):\n    return a + 1\n"
    tree = ast.parse(source)
    foreign = [replace(one, index=100 + one.index) for one in mutants(ast.parse(source))]
    with pytest.raises(NotCompiled, match="100"):
        schemata(tree, [*mutants(tree), *foreign], "plugin.py", switches("0"))


def in_dialect(source: bytes) -> bool:
    try:
        schemata(ast.parse(source), [], "plugin.py", switches("0"))
    except NotCompiled:
        return False
    return True


def test_every_mutant_of_the_open_corpus_is_in_the_module_that_holds_them() -> None:
    good = [case for case in read_corpus(CORPUS) if case.kind == "good" and not case.held_back]
    sources = [source for case in good if in_dialect(source := case.candidate.files["plugin.py"])]
    assert len(sources) > 200
    for source in sources:
        tree = ast.parse(source)
        schemata(tree, mutants(tree), "plugin.py", switches("0"))  # refuses where one is missing
