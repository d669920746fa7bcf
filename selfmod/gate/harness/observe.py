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
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import process_time  # by name: the tests' world has another `time`
from traceback import walk_tb
from types import ModuleType
from typing import Any

import pytest

from plugins.sdk_testing import Standing
from sandbox.values import decode
from selfmod.gate.harness.effects import Effect, Effects
from selfmod.gate.harness.forks import Line, Say, limit_time, pool, run_item
from selfmod.gate.harness.met import itself, met
from selfmod.gate.harness.notice import noticed
from selfmod.gate.harness.others import changed
from selfmod.gate.harness.rows import FOLLOWED, Rows
from selfmod.gate.harness.run import Note, canonical_id, noter, session
from selfmod.gate.harness.world import World, enter, reseed
from selfmod.gate.reading.choices import Condition
from selfmod.gate.reading.conditions import conditions
from selfmod.gate.reading.operands import OTHER
from selfmod.gate.reading.watching import watched

_CPU_S = 1.0  # of one test of a handler whose results are other ones, beside what it takes with the right ones
_TIMES = 5


def observe(argument: dict[str, Any]) -> dict[str, Any]:
    """Job: run `tests`, then `examples`; then, for each of `handlers`, its tests with other results in their place.

    With `effects`, for each part of what leaves the plugin as well: those that reach it, with another in its place.
    """
    from sandbox.language import new_module

    note = noter(argument["nonce"])
    path, watch = os.path.abspath(argument["entry"]), f"watch_{argument['nonce']}"
    source = Path(argument["entry"]).read_bytes()
    tree, effects = ast.parse(source), Effects(ast.parse(source), path, _tests_root())
    seen = Seen({one.index: one for one in conditions(tree)})
    with enter(World(**argument["world"])):
        code = watched(tree, path, watch)
        module = new_module(Path(argument["entry"]).stem, code, names={watch: seen.take})
        switch = Switch()
        sys.modules[module.__name__] = switchable(module, list(argument["handlers"]), switch)
        Standing.passing = effects.take if argument["effects"] else None
        exit_code = session(argument["tests"], Observer(argument, module, seen, switch, effects, note))
    note({"kind": "end", "exit": int(exit_code)})
    return {"exit": int(exit_code)}


class Seen:
    """What each condition came out as: its truth values, or which of its members it was."""

    def __init__(self, conditions: Mapping[int, Condition]) -> None:
        self._conditions = conditions
        self._first: dict[int, Any] = {}
        self._sources: dict[int, Any] = {}
        self.values: dict[int, set[int]] = {}
        self.rows = Rows()

    def take(self, index: int, value: Any, source: bool = False) -> Any:
        """Note a value and give it back, or what gives the same one by one; called by the code under test."""
        if source:
            self._sources[index] = value
            return value
        seen = self.values.setdefault(index, set())
        if not seen.issuperset((one := self._conditions[index]).needs):
            if one.kind in FOLLOWED:
                return self.rows.follow(one, value, seen)
            with contextlib.suppress(Exception):  # what the plugin's own values do when they are asked is its business
                seen.update(self._met(one, value))
        return value

    def _met(self, one: Condition, value: Any) -> Iterable[int]:
        if one.kind == "self":
            return itself(self._sources[one.index], value)
        if one.kind == "result":
            return [int(self._first.setdefault(one.index, value) != value)]
        return met(one, value) if one.members else _truth(value)


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
        case bool() | int() | float():
            return changed(value)
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


def _tests_root() -> str:
    return os.path.join(os.getcwd(), "tests", "")


class Observer:
    """A pytest plugin that runs the collected tests itself."""

    def __init__(
        self,
        argument: dict[str, Any],
        module: ModuleType,
        seen: Seen,
        switch: Switch,
        effects: Effects,
        note: Note,
    ) -> None:
        self._argument, self._module, self._seen, self._note = argument, module, seen, note
        self._switch, self._effects = switch, effects
        self._items: dict[str, pytest.Item] = {}
        self._took_s: dict[str, float] = {}
        self._reaching: dict[Effect, list[str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Look on at all tests and examples, in a child, then change what each handler gives."""
        indexed = frozenset(self._argument["indexed"])
        self._items = {canonical_id(item, indexed): item for item in session.items}
        for child in pool([[None]], self._look_on, 1):
            for line in child.lines:
                if "test" in line:
                    self._took_s[line["test"]] = line["cpu_s"]
                    for told in line["effects"]:
                        self._reaching.setdefault(Effect(*told), []).append(line["test"])
                else:
                    self._note({"kind": "condition", **line})
        for name, tests in self._argument["handlers"].items():
            self._note({"kind": "handler", "name": name, "noticed": self._is_noticed(name, tests)})
        if len(self._reaching) > self._argument["effects"]:
            self._reaching = {}
            self._note({"kind": "many"})
        for effect, tests in self._reaching.items():
            tests.sort(key=lambda test: self._took_s[test])
            self._note({"kind": "effect", "effect": effect.told(), "noticed": self._is_noticed(effect, tests)})
        return True

    def _look_on(self, _: list[None], say: Say) -> None:
        errors = []
        for name in self._items:
            self._effects.begin()
            began_s = process_time()
            errors.append(self._run(name))
            effects = [effect.told() for effect in self._effects.seen]
            say({"test": name, "cpu_s": process_time() - began_s, "effects": effects})
        for example in self._argument["examples"]:
            self._call(example)
        self._seen.rows.end()
        if errors.count(None) == len(errors):
            for index, values in sorted(self._seen.values.items()):
                say({"index": index, "seen": sorted(values)})

    def _is_noticed(self, what: str | Effect, tests: list[str]) -> bool:
        """Return whether a test notices another result or effect. One that then never ends noticed nothing."""
        work, found = [[(what, tests)]], False
        for child in pool(work, self._change, 1, patient=False):
            ((_, mine),) = child.work
            found = found or any(line["noticed"] for line in child.lines)
            if child.died and not found and (left := mine[len(child.lines) + 1 :]):
                work.append([(what, left)])
        return found

    def _call(self, example: Line) -> None:
        function = vars(self._module).get(example["function"])
        if not callable(function) or inspect.iscoroutinefunction(function):
            return
        args: Any = decode(example["args"])
        named: Any = decode(example["kwargs"])
        with contextlib.suppress(Exception):  # how it ends is judged elsewhere
            function(*args, **named)

    def _change(self, work: list[tuple[str | Effect, list[str]]], say: Say) -> None:
        ((what, tests),) = work
        if isinstance(what, Effect):
            self._effects.changed = what
        else:
            self._switch.handler = what
        for name in tests:
            limit_time(_CPU_S + _TIMES * self._took_s.get(name, 0.0), 0)
            found = self._fails(name)
            if not found and isinstance(what, Effect):
                self._effects.once = True
                found, self._effects.once = self._fails(name), False
            say({"noticed": found})
            if found:
                break

    def _fails(self, name: str) -> bool:
        """Whether a test notices what is another one now.

        One that trips over what the plugin gave to the outside looked there; who asks elsewhere and then fails was not
        answered: the double knew the right address.
        """
        self._effects.begin()
        error, what = self._run(name), self._effects.changed
        if error is None or noticed(error, _tests_root()):
            return error is not None
        if what is None or what.part.startswith("url"):
            return what is not None
        entry = os.path.abspath(self._argument["entry"])
        return all(frame.f_code.co_filename != entry for frame, _ in walk_tb(error.__traceback__))

    def _run(self, name: str) -> BaseException | None:
        reseed(self._argument["world"]["seed"], name)
        return run_item(self._items[name])
