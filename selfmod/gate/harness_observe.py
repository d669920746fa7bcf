"""Runs the tests once more inside a sandbox worker and looks on: which conditions came out how, and whether anybody
looks at what a handler gives back. What is reported is evidence; what must be seen was counted outside.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sandbox.values import decode
from selfmod.gate.conditions import conditions, watched
from selfmod.gate.harness import Note, canonical_id, noter, session
from selfmod.gate.harness_forks import Line, Say, limit_time, pool, run_item
from selfmod.gate.harness_notice import noticed
from selfmod.gate.harness_world import World, enter, reseed
from selfmod.gate.operands import OTHER

_CPU_S = 2.0  # of all tests of one handler whose results are other ones
_WALL_S = 4.0
_AT_ONCE = 2


def observe(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: run `tests`, then `examples`; then, for each of `handlers`, its tests with other results in their place."""
    from sandbox.language import new_module

    note = noter(argument["nonce"])
    path, watch = os.path.abspath(argument["entry"]), f"watch_{argument['nonce']}"
    tree = ast.parse(Path(argument["entry"]).read_bytes())
    seen = Seen({one.index: one.members for one in conditions(tree) if one.members})
    with enter(World(**argument["world"])):
        code = watched(tree, path, watch)
        module = new_module(Path(argument["entry"]).stem, code, names={watch: seen.take})
        switch = Switch()
        sys.modules[module.__name__] = switchable(module, list(argument["handlers"]), switch)
        exit_code = session(argument["tests"], Observer(argument, module, seen, switch, note))
    note({"kind": "end", "exit": int(exit_code)})
    return {"exit": int(exit_code)}


class Seen:
    """What each condition came out as: its truth values, or which of its members it was."""

    def __init__(self, members: Mapping[int, tuple[object, ...]]) -> None:
        self._members = members
        self.values: dict[int, set[int]] = {}

    def take(self, index: int, value: Any) -> Any:
        """Note a value and give it back; called by the code under test."""
        seen = self.values.setdefault(index, set())
        with contextlib.suppress(Exception):  # what the plugin's own values do when they are asked is its business
            seen.update(self._met(index, value) if index in self._members else _truth(value))
        return value

    def _met(self, index: int, value: Any) -> list[int]:
        plain = value is None or isinstance(value, (bool, int, float, str, bytes, list, tuple, dict, set, frozenset))
        return [position for position, member in enumerate(self._members[index]) if plain and member == value]


def _truth(value: Any) -> set[int]:
    """The truth of a value; and that it is none of the two truth values, where it is not."""
    return {int(bool(value))} if type(value) is bool else {int(bool(value)), OTHER}


class Switch:
    """The handler whose results are other ones now, "" for none."""

    def __init__(self) -> None:
        self.handler = ""


def switchable(module: ModuleType, handlers: list[str], switch: Switch) -> ModuleType:
    """A module for the tests to import, whose handlers give something else while the switch names them."""
    shown = ModuleType(module.__name__, module.__doc__)
    for name, value in vars(module).items():
        shown.__dict__[name] = _switched(value, name, switch) if name in handlers and callable(value) else value
    return shown


def _switched(function: Any, name: str, switch: Switch) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            value = await function(*args, **kwargs)
            return hollow(value) if switch.handler == name else value

        return awaited

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        return hollow(value) if switch.handler == name else value

    for attribute in ("cache_clear", "cache_info"):
        if hasattr(function, attribute):
            setattr(called, attribute, getattr(function, attribute))
    return called


def hollow(value: Any) -> Any:
    """Another value of the same kind and length: only who looks at the value itself notices."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return "?" * len(value) or "?"
        case list():
            return [None] * len(value) or [None]
        case tuple():
            return (None,) * len(value) or (None,)
        case dict():
            return dict.fromkeys(value) if any(item is not None for item in value.values()) else {"?": None}
        case None:
            return 0
        case _:
            return None


class Observer:
    """A pytest plugin that runs the collected tests itself."""

    def __init__(self, argument: dict[str, Any], module: ModuleType, seen: Seen, switch: Switch, note: Note) -> None:
        self._argument, self._module, self._seen, self._switch, self._note = argument, module, seen, switch, note
        self._items: dict[str, pytest.Item] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Look on at all tests and examples, in a child, then change what each handler gives."""
        indexed = frozenset(self._argument["indexed"])
        self._items = {canonical_id(item, indexed): item for item in session.items}
        for child in pool([[None]], self._look_on, 1):
            for line in child.lines:
                self._note({"kind": "condition", **line})
        work = [[(name, tests)] for name, tests in self._argument["handlers"].items()]
        for child in pool(work, self._change, _AT_ONCE):
            name = child.work[0][0]
            by_assertion = not child.lines or child.lines[0]["noticed"]  # one that never ended was noticed as well
            self._note({"kind": "handler", "name": name, "noticed": bool(by_assertion)})
        return True

    def _look_on(self, _: list[None], say: Say) -> None:
        errors = [self._run(name) for name in self._items]
        for example in self._argument["examples"]:
            self._call(example)
        if errors.count(None) == len(errors):
            for index, values in sorted(self._seen.values.items()):
                say({"index": index, "seen": sorted(values)})

    def _call(self, example: Line) -> None:
        function = vars(self._module).get(example["function"])
        if not callable(function) or inspect.iscoroutinefunction(function):
            return
        args: Any = decode(example["args"])
        named: Any = decode(example["kwargs"])
        with contextlib.suppress(Exception):  # how it ends is judged elsewhere
            function(*args, **named)

    def _change(self, work: list[tuple[str, list[str]]], say: Say) -> None:
        limit_time(_CPU_S, _WALL_S)
        ((self._switch.handler, tests),) = work
        root = os.path.join(os.getcwd(), "tests", "")
        errors = (self._run(name) for name in tests)
        say({"noticed": any(error is not None and noticed(error, root) for error in errors)})

    def _run(self, name: str) -> BaseException | None:
        reseed(self._argument["world"]["seed"], name)
        return run_item(self._items[name])
