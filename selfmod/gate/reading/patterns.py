"""Which alternatives of a regular expression matched something: `[a-z]{3}-[0-9]{4}|sesame` hides one.

So does a word that must not be there: without `(?!mallory)` something else must have matched once.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterator, Sequence
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # a pattern as a tree is private
from typing import Any

_MOST = 40
_TEXT = 20_000


def flags_of(sources: Sequence[str]) -> int:
    """Return the flags that are written as `re.I | re.VERBOSE` among the arguments of a call."""
    names = [name.strip().rpartition(".")[2] for source in sources for name in source.split("|")]
    found = [getattr(re, name) for name in names if name.isupper() and hasattr(re, name)]
    return functools.reduce(operator.or_, (int(flag) for flag in found if isinstance(flag, re.RegexFlag)), 0)


def alternatives(pattern: str, flags: int) -> int:
    """Return how many alternatives and forbidden words a pattern has; 0 where it cannot be read, or has too many."""
    made = _marked(pattern, flags)
    return (len(made[1]) if made else 0) + len(_allowing(pattern, flags))


@functools.lru_cache(maxsize=256)
def met(pattern: str, flags: int, method: str, text: str) -> tuple[int, ...]:
    """Return which alternatives matched in a text, and behind them which forbidden words made a difference."""
    compiled, marks = _marked(pattern, flags) or (re.compile(pattern, flags), [])
    found = _found(compiled, method, text)
    groups = [number for one in found for number, part in enumerate(one.regs) if part[0] >= 0]
    places = [place for place, places in enumerate(marks) if not places.isdisjoint(groups)]
    spans = [one.span() for one in found]
    for place, allowing in enumerate(_allowing(pattern, flags), start=len(marks)):
        if [one.span() for one in _found(allowing, method, text)] != spans:
            places.append(place)
    return tuple(places)


def _found(compiled: re.Pattern[str], method: str, text: str) -> list[re.Match[str]]:
    if method in ("match", "fullmatch"):
        one = getattr(compiled, method)(text)
        return [one] if one else []
    return list(compiled.finditer(text[:_TEXT]))


@functools.cache
def _marked(pattern: str, flags: int) -> tuple[re.Pattern[str], list[frozenset[int]]] | None:
    """The pattern with a group around each alternative; the numbers of the others stay as they are.

    An alternative that is written in several places is one: a part of a pattern under a name is put in again and again.
    """
    try:
        tree = _parser.parse(pattern, flags)
        marks: dict[str, set[int]] = {}
        for written, number in _mark(tree, tree.state):
            marks.setdefault(written, set()).add(number)
        return (_compiler.compile(tree), [*map(frozenset, marks.values())]) if 0 < len(marks) <= _MOST else None
    except (re.error, RecursionError, OverflowError, ValueError):
        return None


@functools.cache
def _allowing(pattern: str, flags: int) -> tuple[re.Pattern[str], ...]:
    """The pattern once for each word that it forbids, without that."""
    found: list[re.Pattern[str]] = []
    try:
        count = sum(1 for _ in _forbidding(_parser.parse(pattern, flags)))
        for place in range(count if count <= _MOST else 0):
            tree = _parser.parse(pattern, flags)
            items, item = [*_forbidding(tree)][place]
            items.remove(item)
            found.append(_compiler.compile(tree))
    except (re.error, RecursionError, OverflowError, ValueError):
        return ()
    return tuple(found)


def _forbidding(tree: Any) -> Iterator[tuple[list[Any], Any]]:
    """Each assertion that two letters or more are not there, with the items among which it stands."""
    for item in tree.data:
        what, value = item
        if what is _constants.ASSERT_NOT and sum(chr(sign).isalpha() for sign in _literals(value[1])) > 1:
            yield tree.data, item
        for part in _parts(value):
            yield from _forbidding(part)


def _literals(tree: Any) -> Iterator[int]:
    for what, value in tree.data:
        if what is _constants.LITERAL:
            yield value
        for part in _parts(value):
            yield from _literals(part)


def _mark(tree: Any, state: Any) -> Iterator[tuple[str, int]]:
    for what, value in tree.data:
        if what is _constants.BRANCH:
            written = repr(value[1])
            for place, branch in enumerate(value[1]):
                alternative = f"{place} of {written}"
                yield from _mark(branch, state)
                number = len(state.groupwidths)
                state.groupwidths.append((0, 1))
                item = (_constants.SUBPATTERN, (number, 0, 0, branch))
                value[1][place] = _parser.SubPattern(state, [item])
                yield alternative, number
        else:
            for part in _parts(value):
                yield from _mark(part, state)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _parts(part)
