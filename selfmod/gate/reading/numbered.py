"""Examples whose inputs are whole numbers: which of them tell a copied table, and which tables are reckoned with.

A number by itself says little (0 and 1 stand everywhere), so several must stand in one table, and be none that follow
from each other or that the request lists: seven weekdays, four quarters of a circle and named codes are a whole.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from selfmod.gate.reading.bindings import called, given, names_in

MANY: Final = 4  # numbers in one table; fewer may be all there is
_ANSWERS: Final = 3  # different ones; with fewer the table says only which inputs are of a kind
_ORDER: Final = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_RECKONING: Final = frozenset({"divmod", "bisect", "bisect_left", "bisect_right"})


def is_number(key: str) -> bool:
    """Return whether an input, as a text by `repr`, is a whole number."""
    return key.lstrip("-").isdigit()


def scattered(examples: Sequence[Sequence[Any]], request: str) -> set[tuple[str, str]]:
    """Return (input, answer) of the shown examples whose inputs are numbers that have nothing to do with each other.

    `examples` are [function, input, answer, held back].
    """
    listed = set(re.findall(r"\d+", request))
    found = set[tuple[str, str]]()
    for function in {one[0] for one in examples}:
        shown = {(key, answer) for name, key, answer, held in examples if name == function and not held}
        numbers = {one for one in shown if is_number(one[0])}
        keys, answers = {key for key, _ in numbers}, {answer for _, answer in numbers}
        if len(keys) >= MANY and len(answers) >= _ANSWERS and not keys <= listed and not _is_even(keys):
            found |= numbers
    return found


def _is_even(keys: set[str]) -> bool:
    """Return whether there is one step between all the numbers, added or multiplied."""
    numbers = sorted(map(int, keys))
    pairs = list(pairwise(numbers))
    added = len({after - before for before, after in pairs}) == 1
    return added or all(after * pairs[0][0] == before * pairs[0][1] for before, after in pairs)


def is_reckoned(tree: ast.Module, table: ast.AST) -> bool:
    """Return whether the numbers of a table are compared in size or calculated with, as limits and weights are."""
    names = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _holds(node.value, table)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for name in names_in(target)
    }
    walked = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.For | ast.comprehension) and (_holds(node.iter, table) or names_in(node.iter) & names)
        for name in names_in(_first(node.target))
    }
    return any(_reckons(node, walked, names) for node in ast.walk(tree))


def _holds(node: ast.AST, table: ast.AST) -> bool:
    return any(part is table for part in ast.walk(node))


def _first(target: ast.expr) -> ast.expr:
    return target.elts[0] if isinstance(target, ast.Tuple | ast.List) else target


def _reckons(node: ast.AST, walked: set[str], names: set[str]) -> bool:
    match node:
        case ast.BinOp(left=left, right=right) | ast.AugAssign(target=left, value=right):
            return bool((names_in(left) | names_in(right)) & walked)
        case ast.Compare(ops=ops):
            return any(isinstance(op, _ORDER) for op in ops) and bool(names_in(node) & walked)
        case ast.Call():
            used = set[str]().union(*map(names_in, given(node)))
            return called(node) in _RECKONING and bool(used & (walked | names))
        case _:
            return False
