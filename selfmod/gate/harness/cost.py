"""What the cost of a plugin is measured with inside a sandbox worker: its patterns, and the steps of its import.

Regular expressions are tried on texts that make bad ones explode; only `re` runs then, on literal patterns read from
the source, and nothing of the candidate is executed.
"""

from __future__ import annotations

import ast
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from selfmod.gate.harness.forks import Line, Say, limit_time, pool
from selfmod.gate.harness.run import compiled

_CALLS = frozenset({"compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"})
_PATTERNS = 30
_STEPS = (8, 12, 16, 20, 24, 28, 1000, 4000)
_CPU_S = 1.0  # a search never waits: what else the machine does must not decide
_WORKERS = 2


def import_steps(argument: dict[str, Any]) -> int:
    """Job: return how many lines importing the plugin runs, again for each turn of a loop; `most` where it is more."""
    from sandbox.language import new_module

    code, steps = compiled(argument["entry"]), _Steps(argument["most"])
    sys.settrace(steps.take)
    try:
        new_module(Path(argument["entry"]).stem, code)
    finally:
        sys.settrace(None)
    return steps.count


class _Steps:
    """Counts lines while they run, whoever's they are; unlike seconds they are the same on every machine."""

    def __init__(self, most: int) -> None:
        self._most, self.count = most, 0

    def take(self, _: FrameType, event: str, __: object) -> Any:
        """Hear of one event of the interpreter; from the last step on nothing is traced, so that the rest is quick."""
        self.count += event == "line"
        if self.count >= self._most:
            sys.settrace(None)
            return None
        return self.take


def exploding_patterns(argument: dict[str, Any]) -> list[Line]:
    """Job: return {line, pattern, length, seconds} of each pattern that takes too long on a short text."""
    tree = ast.parse(Path(argument["entry"]).read_bytes())
    whole = any(isinstance(node, ast.Attribute) and node.attr == "fullmatch" for node in ast.walk(tree))
    found = []
    for child in pool([[(line, pattern, whole)] for line, pattern in _patterns(tree)][:_PATTERNS], _try, _WORKERS):
        line, pattern, _ = child.work[0]
        slowest = child.lines[-1] if child.lines else {}
        if child.died and "length" in slowest:
            found.append({"line": line, "pattern": pattern[:200], **slowest})
    return found


def _patterns(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CALLS
            and node.args
        ):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _try(work: list[Any], say: Say) -> None:
    """Search ever longer texts; the timer ends this process when one takes too long, and the last line says which."""
    _, pattern, whole = work[0]
    try:
        compiled = re.compile(pattern)
        units = list(dict.fromkeys(_units(re._parser.parse(pattern))))[:6]  # type: ignore[attr-defined]  # noqa: SLF001
    except (re.error, RecursionError, OverflowError, ValueError):
        return
    for length in _STEPS:
        for unit in units:
            text = unit * length + "\x00"
            say({"length": len(text), "seconds": 0.0})
            limit_time(_CPU_S, 0)
            started = time.process_time()
            compiled.search(text)
            if whole:
                compiled.fullmatch(text)
            limit_time(0, 0)
            if time.process_time() - started > _CPU_S / 4:
                break


def _units(parsed: Any) -> Iterator[str]:
    """One turn of each repeated part of a pattern, as a text that it matches."""
    for operator, value in parsed:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT") and value[1] > 1:
            sample = "".join(_sample(value[2]))
            if sample:
                yield sample
        for inner in _inner(name, value):
            yield from _units(inner)


def _inner(name: str, value: Any) -> list[Any]:
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [value[2]]
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "BRANCH":
        return list(value[1])
    return []


def _sample(parsed: Any) -> Iterator[str]:
    for operator, value in parsed:
        name = str(operator)
        if name == "LITERAL":
            yield chr(value)
        elif name in ("ANY", "NOT_LITERAL"):
            yield "a"
        elif name == "IN":
            yield _member(value)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield "".join(_sample(value[2])) * min(max(value[0], 1), 8)
        elif name == "SUBPATTERN":
            yield from _sample(value[3])
        elif name == "BRANCH":
            yield from _sample(value[1][0])


def _member(choices: Any) -> str:
    kinds = {"CATEGORY_DIGIT": "0", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}
    for operator, value in choices:
        name = str(operator)
        if name == "LITERAL":
            return chr(value)
        if name == "RANGE":
            return chr(value[0])
        if name == "CATEGORY":
            return kinds.get(str(value), "-")
    return "a"
