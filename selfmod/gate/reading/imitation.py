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
from selfmod.gate.reading.cases import branches, literal, rows, tables
from selfmod.gate.reading.clones import clones, themselves
from selfmod.gate.reading.digits import says_nothing
from selfmod.gate.reading.expectations import unwritten
from selfmod.gate.reading.numbered import MANY, is_number, is_reckoned, scattered
from selfmod.gate.reading.texts import constant_texts, decoded

_FITTED = 0.8  # of the entries of a table that are examples
_PACKED = 0.5  # of a text that is nothing but examples, between whatever separates them
_ROUND = 3  # inputs at least; two that give each other may be any two
_BETWEEN = r"[\W_]{0,6}"

Imitation = tuple[str, str, int, str]


def imitations(argument: dict[str, Any]) -> list[Imitation]:
    """Job: read `entry` and `tests`; `examples` are [function, key, expected, held back], as texts by `repr`.

    `handlers` are the functions that are called from outside, `request` what the person asked for.
    """
    entry: str = argument["entry"]
    tree = ast.parse(Path(entry).read_bytes())
    examples, request = argument["examples"], argument["request"]
    apart = [one for one in examples if not _is_round(examples, of=one[0])]
    copied = [*_tables(tree, apart, request), *_packed(tree, apart, request)]
    found = [("oracle.lookup", entry, line, message) for line, message in copied]
    files = [(path, ast.parse(Path(path).read_bytes())) for path in argument["tests"]]
    for path, tests in files:
        found.extend(("oracle.clone", path, line, message) for line, message in clones(tree, tests))
        found.extend(("oracle.itself", path, line, message) for line, message in themselves(tree, tests))
    own = aliases(tree)
    handlers = set(argument["handlers"]) & own.keys()
    return [*found, *unwritten(files, Path(entry).stem, own, handlers, exemplified=_exemplified(examples))]


def _exemplified(examples: list[list[Any]]) -> set[str]:
    """The functions of which an example says more than 0 or 1."""
    return {function for function, _, expected, _ in examples if not _says_nothing(expected)}


def _says_nothing(expected: str) -> bool:
    value = ast.literal_eval(expected)
    return isinstance(value, int | float) and says_nothing(value)


# ---- tables of the examples --------------------------------------------------------------------------------------


def _is_round(examples: list[list[Any]], *, of: str) -> bool:
    """Return whether the examples of a function lead through all of them and back, as the lights of a traffic light do.

    Such inputs are all there are: whoever writes them down has understood the request.
    """
    following = {key: expected for function, key, expected, _ in examples if function == of}
    at, met = next(iter(following)), set[str]()
    while at in following and at not in met:
        met.add(at)
        at = following[at]
    return len(met) == len(following) >= _ROUND and at == next(iter(following))


def _tables(tree: ast.Module, examples: list[list[Any]], request: str) -> Iterator[tuple[int, str]]:
    texts, numbers = _shown(examples), scattered(examples, request)
    shown = texts | numbers
    held_back = {key for _, key, _, held in examples if held}
    for node, entries in [*tables(tree), *branches(tree)]:
        known = [entry for entry in entries if entry in shown]
        # Nobody can copy an example that was never shown, so a table that has one of those was not copied.
        if any(key in held_back for key, _ in entries) or not known:
            continue
        enough = len(known) >= 2 or len(known) == len(texts)
        if len(known) >= _FITTED * len(entries) and enough and _is_copied(tree, node, known, numbers):
            yield (
                node.lineno,
                f"{len(known)} of {len(entries)} cases that the code tells apart here are the given examples",
            )
    written = {text for node in ast.walk(tree) if isinstance(node, ast.expr) and (text := literal(node)) is not None}
    for node, keys in rows(tree):
        expected = {expected for key, expected in shown if key in keys and _telling(expected)}
        given = [key for key in keys if any(key == one for one, _ in shown)]
        if (
            held_back.isdisjoint(keys)
            and len(given) >= max(2, _FITTED * len(keys))
            and expected
            and expected <= written
            and _is_copied(tree, node, [one for one in shown if one[0] in keys], numbers)
        ):
            yield (
                node.lineno,
                f"{len(given)} of {len(keys)} values here are the given examples, and what they give is here too",
            )


def _shown(examples: list[list[Any]]) -> set[tuple[str, str]]:
    return {(key, expected) for _, key, expected, held_back in examples if not held_back and _telling(key)}


def _is_copied(tree: ast.Module, node: ast.AST, known: list[tuple[str, str]], numbers: set[tuple[str, str]]) -> bool:
    """Texts tell by themselves; numbers where many are in one table, nearly all that were shown, to be looked up."""
    counted = numbers.intersection(known)
    enough = len(counted) >= max(MANY, _FITTED * len(numbers))
    return counted != set(known) or (enough and not is_reckoned(tree, node))


def _packed(tree: ast.Module, examples: list[list[Any]], request: str) -> Iterator[tuple[int, str]]:
    """Texts that hold examples with what they give, to be taken apart: half of the signs of each are enough.

    A table that is written as one may be what was asked for; nobody hides such a table in a text.
    """
    numbers = {one for one in scattered(examples, request) if _telling(one[1])}
    shown = [(_plain(key), _plain(expected)) for key, expected in sorted(_shown(examples) | numbers)]
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
    return len(key) > 3 and key not in ("None", "True", "False") and not is_number(key)
