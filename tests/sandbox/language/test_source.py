"""Hostile sources are answered with a violation, at once, whatever they hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.language import DialectError, check, compile_module
from sandbox.language.source import MAX_BYTES, MAX_DEPTH

BOMBS: dict[str, str | bytes] = {
    "brackets": "(" * 5000,
    "unary": "x=" + "-" * 50_000 + "1",
    "not": "x=" + "not " * 30_000 + "1",
    "tilde-lines": "x=" + "~\\\n" * 30_000 + "1",
    "attributes": "x=a" + ".b" * 60_000,
    "sums": "x=" + "+".join(["1"] * 60_000),
    "lambdas": "x=" + "lambda:" * 20_000 + "1",
    "calls": "x=f" + "()" * 60_000,
    "items": "x=f" + "[0]" * 40_000,
    "conditions": "x=" + "1 if 1 else " * 15_000 + "1",
    "powers": "x=" + "2**" * 50_000 + "2",
    "elifs": "if a: pass\n" + "elif a: pass\n" * 5000,
    "blocks": "".join(" " * i + "if 1:\n" for i in range(300)) + " " * 300 + "pass",
    "awaits": "async def f():\n  " + "await " * 20_000 + "x",
    "hint-text": "x: '" + "list[" * 300 + "int" + "]" * 300 + "'",
    "hint-path": "x: " + "a." * 60_000 + "b",
    "hint-union": "x: " + "int|" * 60_000 + "int",
    "comprehensions": "x=" + "[x for x in " * 85 + "y" + "]" * 85,
    "fstrings": "x=" + "f'{" * 100 + "1",
    "digits": "x=" + "9" * 200_000,
    "size": "x=1\n" * MAX_BYTES,
    "nul": "a\0b",
    "surrogate": "x='\ud800'",
    "bytes": b"\xff\xfe",
    "truncated": b"x = '\xe4\xb8'",
    "syntax": "def f(:",
    "return": "return 1",
    "nonlocal": "nonlocal x",
    "twice": "def f(a, a): pass",
    "with-items": "with " + ",".join(["a"] * 50_000) + ": pass",
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("role", ["module", "test"])
def test_a_bomb_is_one_violation(name, role):
    began = time.process_time()
    violations = check(BOMBS[name], "plugin.py", role=role)
    assert time.process_time() - began < 5
    if role == "test" and name in ("return", "nonlocal", "twice", "with-items", "hint-text"):
        return  # test files are compiled by pytest, and their hints are read by nobody
    assert len(violations) == 1
    found = violations[0]
    assert found.rule.startswith("policy.") and found.line >= 1 and found.column >= 1 and found.hint


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("x=1\n" * MAX_BYTES, "policy.size"),
        ("a\0b", "policy.encoding"),
        (b"\xff\xfe", "policy.encoding"),
        ("x = '{0.__class__}'.format(1)", "policy.format"),
        ("x = __loader__", "policy.name"),
        ("def __getattr__(name): pass", "policy.name"),
        ("x = dict(__class__=1)", "policy.name"),
        ("class A(metaclass=type): pass", "policy.class"),
        ("class A(**kinds): pass", "policy.class"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_it_is_refused_for(source, rule):
    assert {violation.rule for violation in check(source, "plugin.py")} == {rule}


def test_a_bomb_does_not_compile():
    with pytest.raises(DialectError) as caught:
        compile_module(BOMBS["unary"], "plugin.py")
    assert caught.value.violations[0].rule == "policy.nesting"


def test_ordinary_depth_is_fine():
    assert check("x = " + " + ".join(["'a'"] * (MAX_DEPTH - 10)), "plugin.py") == ()


def test_a_coding_cookie_changes_nothing():
    violations = check(b"# -*- coding: utf-7 -*-\nx = '+AF8-'\n", "plugin.py")
    assert violations == ()
    assert check(b"# -*- coding: utf-7 -*-\nx = ().__class__\n", "plugin.py")[0].line == 2


def test_warnings_of_the_source_stay_inside():
    assert check("x = '\\d'\nassert (1, 2)\n", "plugin.py") == ()


def test_violations_come_in_the_order_of_the_text():
    found = check("import os\nx = ().__class__\nopen('a')\n", "plugin.py")
    assert [(violation.rule, violation.line) for violation in found] == [
        ("policy.import", 1),
        ("policy.attribute", 2),
        ("policy.builtin", 3),
    ]
    assert "files" in found[2].hint


PIECES = [
    *(
        "def ",
        "class ",
        "lambda",
        "await ",
        "async ",
        "yield",
        "**",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":=",
        ":",
        "=",
        "@",
        "\n",
    ),
    *("match x:\n case ", "f'{", "'", '"""', "global x\n", "nonlocal y\n", "__class__", "_getattr_", "del ", "except*"),
    *("\\", "\t", "\x0c", "\r", "\u00e9", "with a as b:\n", "->", "x: int", "Literal['", "try:\n", "assert ", "    "),
    *("pytest.mark.parametrize(", "import json\n", "self", "1", " "),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(["module", "test"]))
def test_any_text_gets_an_answer(text, role):
    for violation in check(text, "plugin.py", role=role):
        assert violation.line >= 1 and violation.column >= 1 and violation.message and violation.hint
