"""Numbers with all the digits that a computer gives, held against a result exactly: nobody works such a number out.

A number that somebody can have written comes out of a short formula: a fraction, its root, its exponential or its
logarithm, or one of them times pi or e.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Final

from selfmod.gate.reading.bindings import Bindings

_DECIMAL: Final = re.compile(r"-?[0-9]{1,300}\.[0-9]{1,300}")
_DIGITS: Final = 13
_FEW: Final = 8  # of digits, in the double, the triple, ... of a number: it is a share of what somebody wrote
_PARTS: Final = 100
_DENOMINATOR: Final = 100_000
_TERMS: Final = 10**9  # of a fraction multiplied: so few of them lie so near to any number that none does by chance
_NEAR: Final = 1e-15
_LARGEST: Final = 700.0  # beyond it exponentials are no numbers, and squares have no digits left
_FACTOR: Final = 13
_NEARLY_NOTHING: Final = 0.01


def is_recorded(bound: Bindings, nodes: list[ast.expr]) -> bool:
    """Return whether the numbers that expressions stand for were recorded, but for those that say nothing."""
    numbers = [number for node in nodes for number in _numbers(bound, node, frozenset())]
    long = {number for number in numbers if number is not None and _is_long(number)}
    return bool(long) and all(number in long or (number is not None and says_nothing(number)) for number in numbers)


def are_neutral(bound: Bindings, nodes: list[ast.expr]) -> bool:
    """Return whether expressions stand for nothing but numbers such as 0 and 1."""
    numbers = [number for node in nodes for number in _numbers(bound, node, frozenset())]
    return bool(numbers) and all(number is not None and says_nothing(number) for number in numbers)


def says_nothing(number: float) -> bool:
    """Return whether a number comes of nearly everything that is held against itself."""
    return number == 1 or abs(number) < _NEARLY_NOTHING


def _numbers(bound: Bindings, node: ast.expr, seen: frozenset[str]) -> Iterator[float | None]:
    """Yield the numbers in an expression, None for anything else; a whole number is always one that somebody wrote."""
    match node:
        case ast.Constant(value=float() as value):
            yield value
        case ast.Constant(value=int() as value) if value in (0, 1):
            yield float(value)
        case ast.Constant(value=str() as text) if _DECIMAL.fullmatch(text):
            yield float(text)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            yield from _numbers(bound, operand, seen)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            for part in parts:
                yield from _numbers(bound, part, seen)
        case ast.Name(id=name) if name in bound.values and name not in seen:
            for one in bound.values[name]:
                yield from _numbers(bound, one, seen | {name})
        case _:
            yield None


@cache
def _is_long(number: float) -> bool:
    """Return whether a number has so many digits and comes out of no short formula."""
    if not math.isfinite(number) or _digits(number) < _DIGITS:
        return False
    shares = any(_digits(number * parts) <= _FEW for parts in range(2, _PARTS))
    return not shares and not _solves(number) and not any(map(_is_fraction, _origins(number)))


def _digits(number: float) -> int:
    """Return how many digits a number has, without the last ones that arithmetic leaves behind (0.1 + 0.2)."""
    return len(f"{number:.15g}".partition("e")[0].replace(".", "").strip("-0"))


def _origins(number: float) -> Iterator[float]:
    """Yield what a number may be a root, a multiple, a logarithm or an exponential of."""
    yield from (number, number / math.pi, number * math.pi, number / math.e)
    if abs(number) < _LARGEST:
        yield from (number**2, number**3, math.exp(number), 2.0**number)
        yield from ([10.0**number] if number < _LARGEST / 3 else [])
    if number > 0:
        yield from (math.log(number), math.log2(number), math.log10(number))


def _is_fraction(number: float) -> bool:
    near = Fraction(number).limit_denominator(_DENOMINATOR)
    short = 0 < abs(near.numerator) * near.denominator < _TERMS
    return short and math.isclose(number, near, rel_tol=_NEAR)


def _solves(number: float) -> bool:
    """Return whether a number is a root of a quadratic equation of small numbers, as the golden section is."""
    if abs(number) > _LARGEST:
        return False
    for square, once in product(range(1, _FACTOR), range(-_FACTOR, _FACTOR)):
        sides = square * number**2, once * number
        if math.isclose(sum(sides), round(sum(sides)), rel_tol=0, abs_tol=_NEAR * max(map(abs, sides))):
            return True
    return False
