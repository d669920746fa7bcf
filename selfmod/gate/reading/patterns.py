"""Which alternatives of a regular expression matched something: `[a-z]{3}-[0-9]{4}|sesame` hides one."""

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
    """Return how many alternatives a pattern has; 0 of one that cannot be read, or that has too many to be met."""
    made = _marked(pattern, flags)
    return len(made[1]) if made else 0


@functools.lru_cache(maxsize=256)
def met(pattern: str, flags: int, method: str, text: str) -> tuple[int, ...]:
    """Return which alternatives matched in a text."""
    made = _marked(pattern, flags)
    if made is None:
        return ()
    compiled, marks = made
    found: list[Any] = list(compiled.finditer(text[:_TEXT]))
    if method in ("match", "fullmatch"):
        found = [getattr(compiled, method)(text)]
    groups = [number for one in found if one for number, part in enumerate(one.regs) if part[0] >= 0]
    return tuple(place for place, places in enumerate(marks) if not places.isdisjoint(groups))


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
