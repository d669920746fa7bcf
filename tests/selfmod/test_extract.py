from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfmod.extract import extract

HEADER = "f(s: str) -> bool"
BEGUN = f"```python\ndef {HEADER}:"
CLEAN = 'def f(s: str) -> bool:\n    """Say."""\n    return s == s[::-1]\n'


def read(reply, begun="", header=HEADER):
    return extract({"reply": reply, "begun": begun, "header": header, "doc": "Say."})


@pytest.mark.parametrize(
    ("reply", "begun"),
    [
        ("\n    return s == s[::-1]", BEGUN),
        ("\n    return s == s[::-1]\n```\nThis reverses s.", BEGUN),
        ("\n    return s == s[::-1]\n\nThis function reverses", BEGUN),
        ("```python\ndef f(s: str) -> bool:\n    return s == s[::-1]\n```", BEGUN),
        ("Sure:\n```\ndef f(word):\n    return word == word[::-1]\n```\nEnjoy", ""),
        ("def f(s):\n    return s == s[::-1]\n\nprint(f('a'))", ""),
        ("Well, it is\n\ndef f(s):\n    return s == s[::-1]\nThat is all there is.", ""),
        ("```\n    def f(s):\n        return s == s[::-1]\n```", ""),
        ("```\nprint('x')\n```\n```python\ndef f(s):\n    return s == s[::-1]\n```", ""),
        ("def f(s):\n    '''Theirs.'''\n    print(s)\n    return s == s[::-1]\n    return False", ""),
        ("def f(s):\n    def idle():\n        def inner(): ...\n        inner()\n    return s == s[::-1]", ""),
        ("@staticmethod\ndef f(s) -> int:\n    return s == s[::-1]", ""),
    ],
)
def test_ways_to_answer(reply, begun):
    assert read(reply, begun) == {"source": CLEAN}


HELPED = """\
import re
import os

WORD = re.compile('a')

def help(s):
    return WORD.sub('', s)

def other():
    pass

def f(s):
    return help(s)
"""


def test_what_it_uses_comes_along_and_nothing_else():
    source = read(f"```python\n{HELPED}```")["source"]
    assert source.startswith("import re\n")
    assert "os" not in source
    assert "other" not in source
    space = {}
    exec(source, space)
    assert space["f"]("banana") == "bnn"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "no code",
        "def g(s):\n    return 1",
        "def f(:\n",
        "(" * 30_000,
        "def f(s):\n    return " + "(" * 3000,
        "x" * 10**6,
    ],
)
def test_nothing_to_find(reply):
    assert "no function f" in read(reply)["problem"]


@pytest.mark.parametrize("parameters", ["", "a, b", "*s", "**s", "*, s"])
def test_other_parameters(parameters):
    assert "parameters" in read(f"def f({parameters}):\n    return 1")["problem"]


@given(st.text(max_size=200))
def test_any_reply_ends_in_a_function_or_a_problem(reply):
    found = read(reply, BEGUN)
    if "source" in found:
        assert isinstance(ast.parse(found["source"]).body[-1], ast.FunctionDef)
    else:
        assert found["problem"]
