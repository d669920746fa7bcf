"""Finds an input on which a mutant that no test noticed differs from the plugin: a question a person can answer.

Runs inside a sandbox worker, in a fork for each mutant. The inputs are those of the tests and small changes of them.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from time import process_time
from types import ModuleType
from typing import Any

from sandbox.values import decode, encode
from selfmod.gate.harness.forks import Endless, Line
from selfmod.gate.harness.world import afresh

_TRIED = 300  # inputs for one mutant
_ENOUGH_S = 0.05  # of work for one survivor: a question is worth no more than the mutants themselves
_CONSTANTS = 30
_TURNS = 20_000  # of one call
_WORLDS = 8  # different draws and moments: in all of them a coin seldom falls the same way
_NONSENSE = ("TypeError", "AttributeError", "RecursionError", "MemoryError", "Endless")


def constants(tree: ast.Module) -> list[Any]:
    """The values that the code names, and their neighbours: a boundary is likely to lie there."""
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, str):
            value: Any = node.value
            for near in [value] if isinstance(value, str) else [value, value - 1, value + 1]:
                found.setdefault(repr(near), near)
    return [value for text, value in found.items() if len(text) <= 40][:_CONSTANTS]


def question(module: ModuleType, calls: list[Line], own: list[Any], switch: Callable[[bool, int], None]) -> Line | None:
    """Return the shortest input found on which both ways differ; `switch(mutated, turns)` chooses the way."""
    best: Line | None = None
    began = process_time()
    for number, (name, args, named) in enumerate(inputs(calls, own)):
        function = vars(module).get(name)
        if number >= _TRIED or process_time() - began > _ENOUGH_S:
            break
        if not callable(function) or inspect.iscoroutinefunction(function):
            continue
        ways = _told_apart(partial(_outcome, function, args, named), switch)
        if ways is None:
            continue
        found: Line = {"function": name, "args": encode(args), "kwargs": encode(named), **ways}
        if best is None or len(repr(found)) < len(repr(best)):
            best = found
    return best


def _told_apart(give: Callable[[int], list[Any]], switch: Callable[[bool, int], None]) -> Line | None:
    """How a call ends both ways, where that differs and the plugin's own way can be told beforehand."""

    def ended(mutated: bool, world: int) -> list[Any]:
        switch(mutated, _TURNS)
        return give(world)

    plain, mutant = ended(False, 0), ended(True, 0)
    if plain == mutant or plain[1] in _NONSENSE:
        return None
    if any(ended(False, world) != plain for world in range(1, _WORLDS)):
        return None  # it goes by what is drawn, or by the time: no example can say what it gives
    return {"plain": plain, "mutant": mutant}


def _outcome(function: Callable[..., Any], args: list[Any], named: dict[str, Any], world: int) -> list[Any]:
    """How a call ends; both ways draw the same in the same world."""
    try:
        with afresh(world):
            return ["returned", encode(function(*copy.deepcopy(args), **copy.deepcopy(named)))]
    except (Exception, Endless) as error:  # noqa: BLE001 - how it ends is what is compared
        return ["raised", type(error).__name__]


def inputs(calls: list[Line], own: list[Any]) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """The calls themselves, then each with other values in the place of one argument: those of `own`, and near ones."""
    known = []
    for call in calls:
        args, named = decode(call["args"]), decode(call["kwargs"])
        if isinstance(args, list) and isinstance(named, dict):
            known.append((call["function"], args, named))
    yield from known
    for name, args, named in known:
        for place, value in enumerate(args):
            for other in [*(item for item in own if type(item) is type(value)), *_near(value)]:
                yield name, [*args[:place], other, *args[place + 1 :]], named


def _near(value: object) -> list[Any]:
    """Values of the same kind that a boundary may lie between."""
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [value + 1, value - 1, value * 0, -value, value * 2]
        case str():
            words = value.split()
            return ["", value[::-1], value.upper(), value[:-1], value[:1], f"{value} {value}", " ".join(words[::-1])]
        case list():
            return [[], value[::-1], value[:1], value + value, value[:-1]]
        case tuple():
            return [value[::-1]]
        case dict():
            return [{}]
        case _:
            return []
