"""Rows of texts that a module takes apart: each of few must be noticed, and what holds no rows is left alone."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

from selfmod.gate.mutants.choice import mutants
from selfmod.gate.mutants.rows import ROW, texts
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests

RULES = {
    "in a loop": ("T = '2:4.50 5:6.00'\n\n\ndef f():\n    return [row.split(':') for row in T.split()]\n", 2),
    "lines": ('def f():\n    return """\n2 4.50\n5 6.00\n9 7.00\n""".strip().splitlines()\n', 3),
    "in a function": (
        "T = '2:4.50;5:6.00'\n\n\ndef g(text):\n    return text.split(';')\n\n\ndef f():\n    return g(T)\n",
        2,
    ),
    "a default": ("def f(text='2:4.50 5:6.00'):\n    return text.split()\n", 2),
    "a pattern": ("import re\n\n\ndef f():\n    return re.findall(r'[0-9.]+', '2:4.50,5:6.00')\n", 2),
    "a compiled pattern": ("import re\n\nP = re.compile(';')\n\n\ndef f():\n    return P.split('2:4.50;5:6.00')\n", 2),
    "json": ('import json\n\nT = json.loads(\'{"a": 1, "b": 2}\')\n', 2),
    "words": ("T = dict(row.split('=') for row in 'hi=Hallo ho=Oho'.split())\n", 2),
    "bytes": ("T = b'2:4.50 5:6.00'.split()\n", 2),
    "put together": ("T = ('2:4 5:6 7:8 ' + '9:4 10:6 11:8').split()\n", 6),
    "many texts": ("T = ('2 4.50', '5 6.00', '9 7.00')\n\n\ndef f():\n    return [row.split() for row in T]\n", 3),
    "a loop that cuts": (
        "T = '2:4.50 5:6.00'\n\n\ndef f():\n    rest = T\n    row, _, rest = rest.partition(' ')\n    return row\n",
        2,
    ),
    "a sign at a time": ("T = 'ann 3; bob 4'\n\n\ndef f():\n    return [sign for sign in T]\n", 2),
    "in a class": ("class C:\n    T = '2:4.50|5:6.00'\n\n\ndef f():\n    return C.T.split('|')\n", 2),
    "days": ("T = '2024-01-01 2024-12-25'.split()\n", 2),
}


@pytest.mark.parametrize(("module", "count"), RULES.values(), ids=RULES)
def test_each_row_of_a_text_is_changed_by_itself(module: str, count: int) -> None:
    found = [mutant for mutant in mutants(ast.parse(module)) if mutant.operator == ROW]
    assert len(found) == len({ast.unparse(_constant(one.variant)) for one in found}) == count
    for mutant in found:
        before, after = str(_constant(mutant.node).value), str(_constant(mutant.variant).value)
        assert len(after) - len(before) in (0, 1)
        assert sum(one != other for one, other in zip(reversed(before), reversed(after), strict=False)) >= 1


def _constant(node: object) -> ast.Constant:
    assert isinstance(node, ast.Constant)
    return node


PLAIN = {
    "words": "T = 'gum water crisps'.split()\n",
    "words with numbers": "T = 'md5 sha1 sha256'.split()\n",
    "a sentence": "T = 'I came, I saw, I won.'.split(', ')\n",
    "an alphabet": "T = [sign for sign in '0123456789 abcdef']\n",
    "a numbered list": "T = '1: begin, 2: go on, 3: end'\n",
    "a range": "T = 'from 1 to 9'\n",
    "what a name shows": "T = 'version 1, revision 2'\n",
    "what is shown": "T = 'from 1 to 9: a, from 10 to 20: b'\n",
    "one row": "T = '12 apples'.split()\n",
    "a pattern": "import re\n\nT = re.compile('[0-9]{2}, [0-9]{3}')\n\n\ndef f(x):\n    return T.findall(x)\n",
    "what divides": "def f(x):\n    return x.split('1, 2')\n",
    "what a call gives": "def f(g):\n    return g('1, 2, 3').split(',')\n",
    "a format": "def f(day):\n    return day.strftime('%d 1 2').split('.')\n",
}


@pytest.mark.parametrize("module", PLAIN.values(), ids=PLAIN)
def test_what_holds_no_rows_is_left_alone(module: str) -> None:
    assert texts(ast.parse(module)) == []


def test_two_rows_stand_for_many() -> None:
    module = f"T = {' '.join(f'{n}:{n}.5' for n in range(2, 22))!r}.split()\n"
    found = [one for one in mutants(ast.parse(module)) if isinstance(one.variant, ast.Constant) and one.variant.value]
    assert {mutant.operator for mutant in found} == {"constant"} and len(found) == 20
    assert len({mutant.alike for mutant in found}) == 2 and all(mutant.alike for mutant in found)


POSTAGE = """\
_PRICES = "2:4.50 5:6.00 10:8.50 20:12.00"


def postage(kilograms: float) -> float:
    for row in _PRICES.split():
        limit, price = map(float, row.split(":"))
        if kilograms <= limit:
            return price
    raise ValueError("too heavy")
"""
TESTED = """\
import pytest

from plugin import postage


def test_postage():
    assert postage(2.0) == 4.5
    assert {rest}


def test_too_heavy():
    with pytest.raises(ValueError, match="too heavy"):
        postage(20.01)
"""


@pytest.mark.parametrize(
    ("rest", "unmet"),
    [
        ("[postage(w) for w in (2.1, 7.0, 11.0)] == [6.0, 8.5, 12.0]", 0),
        ("[postage(w) for w in (2.1, 7.0)] == [6.0, 8.5]", 1),
        ("postage(2.1) > 4.5", 3),
    ],
)
def test_each_of_few_rows_must_be_noticed(judged: Callable[..., Any], rest: str, unmet: int) -> None:
    stage = judged(POSTAGE, TESTED.format(rest=rest), Tests(), Mutation()).stages["mutation"]
    found = [one for one in stage.findings if one.rule == "mutation.special" and not one.advisory]
    assert len(found) == unmet and all(one.waivable and one.line == 1 for one in found)
    # However many rows there are, the share of what is noticed is that of all other changes.
    others = [one for one in mutants(ast.parse(POSTAGE)) if one.operator != ROW]
    assert stage.figures["mutants"] <= len(others)


def test_a_row_that_only_a_check_of_the_plugin_notices_is_not_noticed(judged: Callable[..., Any]) -> None:
    module = POSTAGE.replace(
        '12.00"\n', '12.00"\nif "6.00 10:8.50 20:12.00" not in _PRICES:\n    raise ValueError(1)\n'
    )
    stage = judged(module, TESTED.format(rest="postage(2.1) > 4.5"), Tests(), Mutation()).stages["mutation"]
    assert sum(one.rule == "mutation.special" and "row" in one.message for one in stage.findings) == 3
