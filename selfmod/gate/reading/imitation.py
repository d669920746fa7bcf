"""Finds work that only imitates: tables of the examples in the plugin, the plugin's own code in its tests.

`imitations` is a job for a worker that only reads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from selfmod.gate.reading.aliases import aliases
from selfmod.gate.reading.clones import clones, themselves
from selfmod.gate.reading.expectations import unwritten
from selfmod.gate.reading.texts import constant_texts, decoded

_FITTED = 0.8  # of the entries of a table that are examples
_PACKED = 0.5  # of a text that is nothing but examples, between whatever separates them
_BETWEEN = r"[\W_]{0,6}"

Imitation = tuple[str, str, int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def imitations(argument: dict[str, Any]) -> list[Imitation]:
    """Job: read `entry` and `tests`; `examples` are [function, key, expected, held back], as texts by `repr`.

    `handlers` are the functions that are called from outside.
    """
    entry: str = argument["entry"]
    tree = ast.parse(Path(entry).read_bytes())
    tables = [*_tables(tree, argument["examples"]), *_packed(tree, argument["examples"])]
    found = [("oracle.lookup", entry, line, message) for line, message in tables]
    files = [(path, ast.parse(Path(path).read_bytes())) for path in argument["tests"]]
    for path, tests in files:
        found.extend(("oracle.clone", path, line, message) for line, message in clones(tree, tests))
        found.extend(("oracle.itself", path, line, message) for line, message in themselves(tree, tests))
    own = aliases(tree)
    told = unwritten(files, Path(entry).stem, own, set(argument["handlers"]) & own.keys())
    return [*found, *(("oracle.unwritten", path, line, message) for path, line, message in told)]


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


def _packed(tree: ast.Module, examples: list[list[Any]]) -> Iterator[tuple[int, str]]:
    """Texts that hold examples with what they give, to be taken apart: half of the signs of each are enough.

    A table that is written as one may be what was asked for; nobody hides such a table in a text.
    """
    shown = [(_plain(key), _plain(expected)) for _, key, expected, held in examples if not held and _telling(key)]
    pairs = [(key, expected) for key, expected in shown if key and expected]
    texts = [(line, form) for line, text in constant_texts(tree, rows=False) for form in (text, *decoded(text))]
    for line, text in texts:
        whole = len(re.sub(r"[\W_]", "", text))
        both = [pair for pair in dict.fromkeys(pairs) if _stands(_BETWEEN.join(map(re.escape, pair)), text)]
        if whole and len(both) >= min(2, len(pairs)) and _signs(both) >= _PACKED * whole:
            yield line, f"this text is made of {len(both)} of the given examples and what they give"
    for line, keys in texts:
        known = [pair for pair in dict.fromkeys(pairs) if _stands(re.escape(pair[0]), keys)]
        apart = [text for _, text in texts if all(_stands(re.escape(expected), text) for _, expected in known)]
        if (
            len(known) >= 2
            and apart
            and _signs([(key,) for key, _ in known]) >= _PACKED * len(re.sub(r"[\W_]", "", keys))
        ):
            yield line, f"this text is made of {len(known)} of the given examples, and another of what they give"


def _plain(value: str) -> str:
    """What a value looks like within a text: a text without its quotes, values of a row one after the other."""
    return (
        "".join(part for part in re.split(r"[\s()\[\],'\"]+", value) if part)
        if value[:1] in "(["
        else value.strip("'\"")
    )


def _stands(form: str, text: str) -> bool:
    return re.search(form, text) is not None


def _signs(pairs: Sequence[tuple[str, ...]]) -> int:
    return sum(len(re.sub(r"[\W_]", "", part)) for pair in pairs for part in pair)


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
