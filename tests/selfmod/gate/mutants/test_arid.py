"""Arid code, of which no mutant is made: what counts is what its names stand for, and what works nothing out."""

from __future__ import annotations

import ast

import pytest

from selfmod.gate.mutants.choice import mutants

ARID = '''\
"""Text."""
from plugins.sdk import log

__version__ = "1"


class Thing:
    """Doc."""

    def __repr__(self) -> str:
        return f"Thing {1 + 1}"


def run(a: int) -> int:
    """Doc."""
    log.info(f"running {a + 1}")
    print("x" * 3)
    if a < 0:
        raise ValueError(f"bad {a - 1}")
    return a
'''


def test_arid_code_is_left_out():
    lines = {mutant.node.lineno for mutant in mutants(ast.parse(ARID))}
    assert lines == {18, 19, 20}


HIDING = {
    "a representation": "class C:\n    def __repr__(self):\n        return 'a' if self.n > 3 else 'b'\n",
    "a long representation": "class C:\n    def __repr__(self):\n        n = self.n + 1\n        return str(n)\n",
    "a called representation": "class C:\n    def __repr__(self):\n        return work(self.n + 1)\n",
    "an argument of a decorator": "@wrap(lambda n: n + 1)\ndef f(n):\n    raise ValueError\n",
    "an argument of a base": "class C(base(lambda n: n + 1)):\n    pass\n",
    "a name with two underscores": "__TABLE = [1, 2, 3]\n",
    "an exception": "raise Found(work(n + 1))\n",
    "the text of an exception": "raise ValueError(f'bad {work(n + 1)}')\n",
    "an exception that is taken apart": (
        "try:\n    raise Found(n + 1)\nexcept Found as found:\n    print(found.args[0])\n"
    ),
}


NAMED = {
    "a sleep of its own": "def sleep(n):\n    return n\ndef f(n):\n    return sleep(n + 1)\n",
    "a sleep that is passed in": "def f(n, sleep):\n    return sleep(n + 1)\n",
    "a sleep of an object": "def f(n, clock):\n    return clock.sleep(n + 1)\n",
    "the result of a sleep": "import asyncio\nasync def f(n):\n    return await asyncio.sleep(0, n + 1)\n",
    "a call within a sleep": "import time\ndef f(n):\n    time.sleep(work(n + 1))\n",
    "a sleep that is bound twice": "from time import sleep\nsleep = abs\ndef f(n):\n    return sleep(n + 1)\n",
    "a print of its own": "def print(n):\n    FOUND.append(n)\ndef f(n):\n    print(n + 1)\n",
    "a print that keeps": "def f(n):\n    print(m := n + 1)\n    return m\n",
    "a quiet name in what is raised": "def str(n):\n    FOUND.append(n)\ndef f(n):\n    raise E(str(n + 1))\n",
    "a quiet name of its own": "def str(n):\n    FOUND.append(n)\ndef f(n):\n    print(str(n + 1))\n",
    "a decorator of its own": "@times(n + 1)\ndef f(n):\n    raise ValueError\n",
    "a decorator made of another": "from functools import partial\n@partial(times, n + 1)\nclass C:\n    pass\n",
    "a base that is worked out": "class C(base(n + 1)):\n    pass\n",
    "a log of its own": "def f(n, log):\n    log.append(n + 1)\n",
    "a progress of its own": "progress = []\ndef f(n):\n    progress.append(n + 1)\n",
    "a local name with underscores": "def f(n):\n    __version__ = n + 1\n    return __version__\n",
    "a name with underscores that is worked out": "n = 2\n__version__ = n + 1\n",
    "a name with underscores that is read": "__version__ = 'n + 1'\nprint(work(__version__))\n",
    "a literal of its own": "Literal = {1: 2}\nX = Literal[n + 1]\n",
    "a callable of its own": "def Callable(n):\n    return n\nX = Callable[n + 1]\n",
    "a hint that is read again": (
        "from typing import Literal, get_args\nKind = Literal['n + 1', 'b']\nprint(get_args(Kind))\n"
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_no_name_alone_makes_code_arid(name):
    """Each works `n + 1` out, or has it as a text."""
    changed = {ast.unparse(mutant.node).strip("'") for mutant in mutants(ast.parse(NAMED[name]))}
    assert "n + 1" in changed


@pytest.mark.parametrize("name", HIDING)
def test_no_place_hides_work_from_mutants(name):
    assert list(mutants(ast.parse(HIDING[name])))


@pytest.mark.parametrize(
    "source",
    [
        "from typing import TypeVar\nT = TypeVar('T')\n",
        "import typing\nT = typing.TypeVar('T')\n",
        "from typing import Literal\nKind = Literal['a', 'b']\n",
        "from collections.abc import Callable as Step\nRun = Step[[int], str]\n",
        "__all__ = ['f']\nclass C:\n    __slots__ = ('a', 'b')\n",
        "import time as t\nt.sleep(1 + 1)\n",
        "from plugins.sdk import log as told\ntold.info(f'{len(names) + 1}')\n",
        "class C:\n    def __repr__(self):\n        'Doc.'\n        return f'C({self.n!r}, {len(self.m) + 1})'\n",
        "from functools import lru_cache\n@lru_cache(maxsize=128)\ndef f():\n    pass\n",
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass C:\n    pass\n",
    ],
)
def test_what_only_people_and_type_checkers_read_is_left_out(source):
    assert not list(mutants(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "raise error\n",
        "raise ValueError('no ' + name.lower() + f' in {sorted(names)} of {len(names)}: {n + 1}') from error\n",
        "try:\n    pass\nexcept ValueError as error:\n    raise KeyError(str(error), n + 1) from error\n",
    ],
)
def test_of_an_exception_that_only_tells_people_nothing_but_the_raise_is_changed(source):
    assert {mutant.operator for mutant in mutants(ast.parse(source))} == {"removed"}


def test_a_log_call_that_does_something_is_not_arid():
    source = "def run(a):\n    print(work(a))\n    return a\n"
    assert 2 in {mutant.node.lineno for mutant in mutants(ast.parse(source))}


def test_rows_that_must_fit_are_asserted():
    def flags(source: str) -> list[object]:
        made = [mutant.node for mutant in mutants(ast.parse(source))]
        return [node.value for node in made if isinstance(node, ast.Constant)]

    assert flags("def f(a, b):\n    return dict(zip(a, b, strict=True))\n") == []
    assert flags("def f(a, b):\n    return dict(zip(a, b, strict=False))\n") == [False]
    assert flags("def zip(a, strict):\n    return a\ndef f(a):\n    return zip(a, strict=True)\n") == [True]


def test_waiting_longer_is_no_mutant():
    source = "import asyncio\nasync def f():\n    await asyncio.sleep(1)\n    return 5\n"
    assert {mutant.node.lineno for mutant in mutants(ast.parse(source))} == {4}
