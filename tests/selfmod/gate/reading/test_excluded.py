"""What a name cannot be in a place: only where nothing can have changed it since."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from selfmod.gate.reading.conditions import conditions

TABLE = 'T = {"a": 1, "b": 2, "c": 3}\n'


def asked(body: str, *, more: str = "") -> list[tuple[object, ...]]:
    """The keys that tests must have looked up, for each look into the table."""
    tree = ast.parse(f"{TABLE}{more}\ndef f(x: str, y: str) -> int:\n{indent(body, '    ')}\n")
    found = [one for one in conditions(tree) if one.kind == "member" and len(one.members) == 3]
    return [tuple(one.members[need] for need in one.needs) for one in found]


EXCLUDED = {
    "where it is another": 'if x != "a":\n    return T[x]\nreturn 0',
    "behind what leaves": 'if x == "a":\n    return 0\nreturn T[x]',
    "behind what raises": 'if x == "a":\n    raise ValueError(x)\nreturn T.get(x, 0)',
    "in the other branch": 'if x == "a":\n    y = x\nelse:\n    return T[x]\nreturn 0',
    "not the one": 'if not x == "a":\n    return T[x]\nreturn 0',
    "one of two reasons": 'if x == "a" or y == "b":\n    return 0\nreturn T[x]',
    "both": 'if x != "a" and y:\n    return T[x]\nreturn 0',
    "further in": 'if x == "a":\n    return 0\nfor _ in y:\n    if y:\n        return T[x]\nreturn 0',
    "a name of a loop": 'for z in y:\n    if z == "a":\n        continue\n    return T[z]\nreturn 0',
    "what was worked out": 'z = x.strip()\nif z == "a":\n    return 0\nreturn T[z]',
}


@pytest.mark.parametrize("body", EXCLUDED.values(), ids=EXCLUDED)
def test_what_a_condition_sends_elsewhere_need_not_be_looked_up(body):
    assert asked(body) == [("b", "c")]


def test_several_are_sent_elsewhere_at_once():
    assert asked('if x in ("a", "b"):\n    return 0\nreturn T[x]') == [("c",)]
    assert asked('if x == "a":\n    return 0\nif x == "b":\n    return 1\nreturn T[x]') == [("c",)]


POSSIBLE = {
    "no condition": "return T[x]",
    "another name": 'if y != "a":\n    return T[x]\nreturn 0',
    "the same": 'if x == "a":\n    return T[x]\nreturn 0',
    "a branch that goes on": 'if x == "a":\n    y = x\nreturn T[x]',
    "one of two is enough": 'if x != "a" or y:\n    return T[x]\nreturn 0',
    "both are needed": 'if x == "a" and y:\n    return 0\nreturn T[x]',
    "another value since": 'if x == "a":\n    return 0\nx = y\nreturn T[x]',
    "another value in a loop": 'for _ in y:\n    if x == "a":\n        continue\n    x = T[x]\nreturn 0',
    "another value in the condition": 'if x == "a" or (x := y):\n    return 0\nreturn T[x]',
    "worked out behind it": 'for _ in y:\n    if z == "a":\n        break\n    z = y\n    T[z]\nreturn 0',
    "before it": 'n = T[x]\nif x == "a":\n    return 0\nreturn n',
    "at another time": 'if x == "a":\n    return 0\nreturn lambda x: T[x]',
    "a function of its own": 'if x == "a":\n    return 0\ndef g(x):\n    return T[x]\nreturn g(y)',
    "a value of the module": 'global z\nif z == "a":\n    return 0\nreturn T[z]',
    "a name that an inner function sets": (
        'def g():\n    nonlocal x\n    x = "a"\nif x == "a":\n    return 0\ng()\nreturn T[x]'
    ),
    "not compared with a constant": "if x == y:\n    return 0\nreturn T[x]",
}


@pytest.mark.parametrize("body", POSSIBLE.values(), ids=POSSIBLE)
def test_what_may_still_come_there_is_looked_up(body):
    assert asked(body) == [("a", "b", "c")]


@pytest.mark.parametrize("method", ["__eq__", "__ne__"])
def test_values_that_compare_themselves_may_be_anything(method):
    odd = f"class Odd:\n    def {method}(self, other):\n        return True\n"
    assert asked('if x != "a":\n    return T[x]\nreturn 0', more=odd) == [("a", "b", "c")]
