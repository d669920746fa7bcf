"""Finds work that only imitates: tables of the examples in the plugin, the plugin's own code in its tests.

`imitations` is a job for a worker that only reads.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CLONE_NODES = 15  # smaller functions look alike by chance
_ALIKE = 0.95
_FITTED = 0.8  # of the entries of a table that are examples

Imitation = tuple[str, str, int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def imitations(argument: dict[str, Any]) -> list[Imitation]:
    """Job: read `entry` and `tests`; `examples` are [function, key, expected, held back], as texts by `repr`."""
    entry: str = argument["entry"]
    tree = ast.parse(Path(entry).read_bytes())
    found = [("oracle.lookup", entry, line, message) for line, message in _tables(tree, argument["examples"])]
    for path in argument["tests"]:
        tests = ast.parse(Path(path).read_bytes())
        found.extend(("oracle.clone", path, line, message) for line, message in _clones(tree, tests))
        found.extend(("oracle.itself", path, line, message) for line, message in _themselves(tree, tests))
    return found


# ---- tables of the examples --------------------------------------------------------------------------------------


def _tables(tree: ast.Module, examples: list[list[Any]]) -> Iterator[tuple[int, str]]:
    shown = {(key, expected) for _, key, expected, held_back in examples if not held_back and _telling(key)}
    held_back = {key for _, key, _, held in examples if held}
    for line, entries in [*_dicts(tree), *_branches(tree)]:
        known = [entry for entry in entries if entry in shown]
        # Nobody can copy an example that was never shown, so a table that has one of those was not copied.
        if any(key in held_back for key, _ in entries) or not known:
            continue
        if len(known) >= _FITTED * len(entries) and (len(known) >= 2 or len(known) == len(shown)):
            yield line, f"{len(known)} of {len(entries)} cases that the code tells apart here are the given examples"
    written = {text for node in ast.walk(tree) if isinstance(node, ast.expr) and (text := _text(node)) is not None}
    for line, keys in _listed(tree):
        expected = {expected for key, expected in shown if key in keys and _telling(expected)}
        given = [key for key in keys if any(key == one for one, _ in shown)]
        if (
            held_back.isdisjoint(keys)
            and len(given) >= max(2, _FITTED * len(keys))
            and expected
            and expected <= written
        ):
            yield (
                line,
                f"{len(given)} of {len(keys)} values here are the given examples, and what they give is here too",
            )


def _telling(key: str) -> bool:
    """Return whether an input is special enough that comparing with it says something (0, "" and "a" are not)."""
    return len(key) > 3 and key not in ("None", "True", "False") and not key.lstrip("-").isdigit()


def _dicts(tree: ast.Module) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            pairs = [(_text(key), _text(value)) for key, value in zip(node.keys, node.values, strict=True)]
            entries = [(key, value) for key, value in pairs if key is not None and value is not None]
            if entries and len(entries) == len(pairs):
                yield node.lineno, entries


def _listed(tree: ast.Module) -> Iterator[tuple[int, list[str]]]:
    """The constants that stand in a row: what a table may be made of, if it is not written as one."""
    for node in ast.walk(tree):
        row: list[ast.expr | None] = []
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            row = list(node.elts)
        elif isinstance(node, ast.Dict):
            row = list(node.keys)
        keys = [text for item in row if (text := _text(item)) is not None]
        if keys and len(keys) == len(row):
            yield getattr(node, "lineno", 1), keys


def _branches(tree: ast.Module) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """The constants a function compares its input with, and what it returns at once for each."""
    for function in ast.walk(tree):
        if isinstance(function, Function):
            entries = list(_cases(function))
            if entries:
                yield function.lineno, entries


def _cases(function: Function) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.If):
            returned = _returned(node.body)
            yield from ((key, returned) for key in _compared(node.test) if returned is not None)
        elif isinstance(node, ast.IfExp):
            chosen = _text(node.body)
            yield from ((key, chosen) for key in _compared(node.test) if chosen is not None)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Compare):
            yield from ((key, "True") for key in _compared(node.value))
        elif isinstance(node, ast.match_case):
            returned, key = _returned(node.body), _pattern(node.pattern)
            if returned is not None and key is not None:
                yield key, returned


def _compared(test: ast.expr) -> Iterator[str]:
    """The constants that a condition compares something with."""
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _compared(value)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return
    left, right = _text(test.left), _text(test.comparators[0])
    if isinstance(test.ops[0], ast.Eq | ast.Is):
        yield from (side for side in (left, right) if side is not None)
    elif isinstance(test.ops[0], ast.In) and isinstance(test.comparators[0], ast.List | ast.Tuple | ast.Set):
        yield from (key for item in test.comparators[0].elts if (key := _text(item)) is not None)


def _pattern(pattern: ast.pattern) -> str | None:
    return _text(pattern.value) if isinstance(pattern, ast.MatchValue) else None


def _returned(body: list[ast.stmt]) -> str | None:
    first = body[0]
    return _text(first.value) if isinstance(first, ast.Return) and first.value is not None else None


def _text(node: ast.expr | None) -> str | None:
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
        return repr(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


# ---- the plugin's own code in its tests ---------------------------------------------------------------------------


def _clones(tree: ast.Module, tests: ast.Module) -> Iterator[tuple[int, str]]:
    own = [(node.name, shape) for node in _functions(tree) if len(shape := _shape(node)) >= _CLONE_NODES]
    for node in _functions(tests):
        shape = _shape(node)
        for name, original in own:
            if len(shape) >= _CLONE_NODES and _alike(shape, original):
                yield node.lineno, f"{node.name} is the plugin's {name} again: it is wrong wherever the plugin is wrong"


def _functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def _shape(function: Function) -> list[str]:
    """The kinds of nodes of a function in order, with operators and constants and without names."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    nodes = [node for statement in body for node in ast.walk(statement) if not isinstance(node, ast.expr_context)]
    return [f"Constant{node.value!r}" if isinstance(node, ast.Constant) else type(node).__name__ for node in nodes]


def _alike(first: list[str], second: list[str]) -> bool:
    if first == second:
        return True
    if not 0.9 < len(first) / len(second) < 1.1 or len(second) > 2000:
        return False
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE


def _themselves(tree: ast.Module, tests: ast.Module) -> Iterator[tuple[int, str]]:
    """Tests whose every assertion compares a result of the plugin with the same result."""
    own = {node.name for node in tree.body if isinstance(node, Function)}
    for test in _functions(tests):
        results = {
            node.targets[0].id: ast.dump(node.value)
            for node in ast.walk(test)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _calls(node.value, own)
        }
        checks = [node for node in ast.walk(test) if isinstance(node, ast.Assert)]
        if checks and all(_compares_itself(check.test, own, results) for check in checks):
            yield test.lineno, f"{test.name} compares what the plugin returns with what the plugin returns"


def _compares_itself(check: ast.expr, own: set[str], results: dict[str, str]) -> bool:
    if not isinstance(check, ast.Compare) or len(check.ops) != 1 or not isinstance(check.ops[0], ast.Eq | ast.Is):
        return False
    sides = [_origin(side, own, results) for side in (check.left, check.comparators[0])]
    return sides[0] is not None and sides[0] == sides[1]


def _origin(side: ast.expr, own: set[str], results: dict[str, str]) -> str | None:
    if isinstance(side, ast.Name):
        return results.get(side.id)
    return ast.dump(side) if _calls(side, own) else None


def _calls(node: ast.expr, own: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in own
