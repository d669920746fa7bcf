"""Records what the tests call: arguments and results of the plugin's public functions, inside a sandbox worker."""

from __future__ import annotations

import functools
import inspect
import json
from collections import Counter
from collections.abc import Callable, Sequence
from types import FunctionType, ModuleType
from typing import Any

from plugins.digest import digest_of_value
from plugins.sdk_testing import count, exchanges, recorded
from sandbox.outside.base import Failed, Given
from sandbox.outside.rehearsed import Exchange
from sandbox.values import encode

_CALLS = 500  # of one run; a crowd of calls in one place hides none in another:
_ALWAYS = 3  # of each function in each test, however many there were before
_ASKS = 100  # of one test
_BYTES = 16 * 1024  # of one call: of a result that is larger there is a digest, and a call with more is not recorded
_BYTES_OF_TEST = 256 * 1024


class CallLog:
    """The calls of the test that is running; calls between tests and calls within calls are not kept."""

    def __init__(self) -> None:
        self._active = False
        self._depth = self._asks = 0
        self._calls: list[dict[str, Any]] = []
        self._left, self._room = _CALLS, 0
        self._of = Counter[str]()

    def begin(self, test: str) -> None:
        """Keep calls from here on."""
        self._active, self._depth, self._calls, self._room = bool(test), 0, [], _BYTES_OF_TEST
        self._of.clear()

    def end(self) -> list[dict[str, Any]]:
        """Stop, and return what was called."""
        self._active = False
        self._left -= min(len(self._calls), self._left)
        return self._calls

    def open(self, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, Any] | None:
        """Begin one call; None where it is not recorded. Arguments are encoded now: the call may change them."""
        if not self._active or self._depth or (len(self._calls) >= self._left and self._of[function] >= _ALWAYS):
            return None
        try:
            call = {"function": function, "args": encode(list(args)), "kwargs": encode(kwargs)}
        except ValueError:
            return None
        self._depth += 1
        self._of[function] += 1
        self._asks = count()
        return call

    def close(self, call: dict[str, Any], outcome: str, value: object) -> None:
        """End one call with its result."""
        self._depth -= 1
        said = exchanges(self._asks)
        call |= {"asked": bool(said), "exchanges": _told(said)}
        try:
            call |= {"outcome": outcome, "value": encode(value)}
        except ValueError as error:
            call |= {"outcome": "kept", "value": str(error)}
        if not self._keep(call) and outcome == "returned":
            self._keep(call | {"outcome": "large", "value": digest_of_value(call["value"])})

    def _keep(self, call: dict[str, Any]) -> bool:
        size = len(json.dumps(call))
        if size > min(_BYTES, self._room):
            return False
        self._room -= size
        self._calls.append(call)
        return True


def _told(said: Sequence[Exchange]) -> list[Any] | None:
    """What a call asked and was answered, None where that is too much, or cannot be answered again."""
    if len(said) > _ASKS:
        return None
    told = []
    for exchange in said:
        match exchange.answer:
            case Given(value=value):
                way, answer = "given", value
            case Failed(kind=kind, message=message):
                way, answer = "failed", [kind, message]
            case _:
                return None
        try:
            told.append([exchange.ask.op, encode(exchange.ask.argument), way, encode(answer)])
        except ValueError:
            return None
    return told if len(json.dumps(told)) <= _BYTES // 2 else None


def asks_since(count: int) -> list[dict[str, Any]]:
    """What was asked of doubles after the first `count` asks of this process."""
    asks = []
    for ask in recorded()[count : count + _ASKS]:
        try:
            asks.append({"op": ask.op, "argument": encode(ask.argument)})
        except ValueError:
            asks.append({"op": ask.op, "argument": None})
    return asks


def shadow(module: ModuleType, log: CallLog) -> ModuleType:
    """A module for the tests to import, whose public functions record their calls and then do the same.

    The plugin's own functions stay as they are and call each other directly, so that depth, tracing and recursion are
    those of production.
    """
    seen = ModuleType(module.__name__, module.__doc__)
    for name, value in vars(module).items():
        own = _is_own(value, module.__name__) and not name.startswith("_")
        seen.__dict__[name] = _recording(value, name, log) if own else value
    return seen


def _is_own(value: Any, module: str) -> bool:
    """Return whether a value is a function of the plugin, or an object of the plugin that a decorator made of one."""
    if _is_function(value):
        return bool(value.__module__ == module)
    return callable(value) and not isinstance(value, type) and type(value).__module__ == module


def _is_function(value: Any) -> bool:
    """Return whether a value is a function, plain or with a cache around it."""
    cached = hasattr(value, "cache_clear") and isinstance(getattr(value, "__wrapped__", None), FunctionType)
    return cached or isinstance(value, FunctionType)


def _recording(function: Any, name: str, log: CallLog) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        plain: Callable[..., Any] = function
        return plain
    if inspect.iscoroutinefunction(function):
        return _recording_async(function, name, log)

    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        call = log.open(name, args, kwargs)
        if call is None:
            return function(*args, **kwargs)
        try:
            value = function(*args, **kwargs)
        except BaseException as error:  # SystemExit is how a call may end, too; it goes on as it came
            log.close(call, "raised", type(error).__name__)
            raise
        log.close(call, "returned", value)
        return value

    for attribute in ("cache_clear", "cache_info"):
        if hasattr(function, attribute):
            setattr(recorded, attribute, getattr(function, attribute))
    return recorded


def _recording_async(function: Any, name: str, log: CallLog) -> Callable[..., Any]:
    @functools.wraps(function)
    async def recorded(*args: Any, **kwargs: Any) -> Any:
        call = log.open(name, args, kwargs)
        if call is None:
            return await function(*args, **kwargs)
        try:
            value = await function(*args, **kwargs)
        except BaseException as error:  # as above
            log.close(call, "raised", type(error).__name__)
            raise
        log.close(call, "returned", value)
        return value

    return recorded
