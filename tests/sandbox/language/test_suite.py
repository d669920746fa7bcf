"""The policy for test files: good suites pass, and each rule catches what it is for."""

from __future__ import annotations

import pytest

from sandbox.language import check

GOOD = {
    "made-at-the-top-by-plain-work": (
        "import pytest\nfrom plugin import f\nSENDER = {'A': 'b'}\nURL = 'https://x/{}/{page}'\n"
        "def line(size='1'):\n    return f'x {size} ' + ' '.join(part for part in ('a', 'b'))\n"
        "@pytest.mark.parametrize('text', [line() + 'x', {**SENDER, 'C': 'd'}, [*SENDER], URL.format(1, page=2)])\n"
        "def test_f(text):\n    assert f(text) == 1\n"
    ),
    "under-test-by-parameter": (
        "import pytest\nfrom plugin import f, g\n@pytest.mark.parametrize('tool', [f, g])\n"
        "def test_f(tool):\n    with pytest.raises(ValueError, match='x'):\n        tool(1)\n"
    ),
    "cases-worked-out-of-constants": (
        "import pytest\nfrom plugin import f\nROW = [1, 2, 3]\nWORD = 'abc'\n"
        "@pytest.mark.parametrize('x', range(len(ROW) - 1))\n@pytest.mark.parametrize('y', '0123')\n"
        "@pytest.mark.parametrize('z', [WORD[:-1], WORD.upper()[1], f'{WORD}d', [WORD + 'e']])\n"
        "def test_f(x, y, z):\n    assert f(x, y) == z\n"
    ),
    "several-given-at-once": (
        "from plugin import f\ndef test_f():\n    first, second = [1], [2]\n    f(first, second)\n"
        "    assert (first, second) == ([1], [2])\n"
    ),
    "a-name-like-a-cache": ("from plugin import C, f\ndef test_f():\n    cache = C(f)\n    assert cache.get(1) == 2\n"),
    "plain": "from plugin import f\ndef test_f():\n    assert f(1) == 2\n",
    "module": "import plugin\ndef test_f():\n    assert plugin.f(1) == 2, 'message'\n",
    "parametrized": (
        "import pytest\nfrom decimal import Decimal\nfrom plugin import f\n"
        "@pytest.mark.parametrize('x, want', [(1, 2), pytest.param(-"
        "2, Decimal('3'), id='two'), (float('nan'), None)])\n"
        "def test_f(x, want):\n    assert f(x) == want\n"
    ),
    "stacked": (
        "import pytest\nfrom plugin import f\n@pytest.mark.parametrize('a', [1, 2], ids=['one', 'two'])\n"
        "@pytest.mark.parametrize(('b', 'c'), [(1, {'x': [2]})])\ndef test_f(a, b, c):\n    assert f(a, b) == c\n"
    ),
    "raises": (
        "import pytest\nfrom plugin import f\n"
        "def test_f():\n    with pytest.raises(ValueError, match='x'):\n        f('a')\n"
    ),
    "raises-value": (
        "import pytest\nfrom plugin import f\ndef test_f():\n    with pytest.raises(ValueError) as caught:\n"
        "        f('a')\n    assert 'x' in str(caught.value)\n"
    ),
    "fixture": (
        "import pytest\nfrom plugin import C\n@pytest.fixture\ndef c():\n    return C(3)\n"
        "def test_c(c):\n    c.add(1)\n    assert c.total == 4\n"
    ),
    "class": "from plugin import f\nclass TestF:\n    def test_a(self):\n        got = f(1)\n        assert got == 2\n",
    "helper": "from plugin import f\ndef same(a, b):\n    assert a == b\ndef test_f():\n    same(f(1), 2)\n",
    "loop": (
        "from plugin import f\ndef test_f():\n    out = []\n"
        "    for i in range(3):\n        out.append(f(i))\n    assert out == [0]\n"
    ),
    "loop-inside": (
        "from plugin import f\ndef test_f():\n    for x, want in [(1, 2), (3, 4)]:\n        assert f(x) == want\n"
    ),
    "own-print": "from plugin import print\ndef test_print():\n    assert print(1) == '1'\n",
    "capture": "from plugin import f\ndef test_f(capsys):\n    f(1)\n    assert capsys.readouterr().out == ''\n",
    "async": "import asyncio\nfrom plugin import f\ndef test_f():\n    assert asyncio.run(f(1)) == 2\n",
    "doubles": (
        "from plugins.sdk import testing\nfrom plugin import f\ndef test_f():\n"
        "    with testing.outside(http={'https://a.example.org/': testing.reply(json={'a': 1})}) as seen:\n"
        "        f()\n    assert seen.urls == ['https://a.example.org/']\n"
    ),
    "data": (
        "from plugins.sdk import testing\nfrom plugin import f\n"
        "def test_f():\n    assert f(testing.data('a.txt')) == 1\n"
    ),
    "approx": "import pytest\nfrom plugin import f\ndef test_f():\n    assert f(1) == pytest.approx(2.5)\n",
    "try-raise": (
        "from plugin import f\ndef test_f():\n    try:\n        f('x')\n    except ValueError as error:\n"
        "        assert 'x' in str(error)\n    assert f(1) == 2\n"
    ),
    "patterns": (
        "from dataclasses import dataclass\nfrom typing import NamedTuple\nfrom plugin import f\n"
        "@dataclass(frozen=True)\nclass P:\n    x: int\n    y: int\n"
        "class Q(NamedTuple):\n    a: int\nclass R(P):\n    z: int\n"
        "def test_f():\n    match f(1):\n        case P(1, y) | R(y, 2):\n            assert y == 2\n"
        "        case Q(a) | int(a):\n            assert a == 1\n    assert f(2) == 3\n"
    ),
    "private-own": (
        "import plugin\nclass Near:\n    def __init__(self):\n        self._n = 1\n"
        "def test_f():\n    assert plugin._f(1) == Near()._n\n"
    ),
    "wide-fixture": (
        "import pytest\nfrom plugin import f\n@pytest.fixture(scope='module')\ndef rows():\n    return [1, 2]\n"
        "@pytest.fixture\ndef made(rows):\n    made = f(rows)\n    made.append(3)\n    return made\n"
        "def test_f(made):\n    made.pop()\n    assert made == [1, 2]\n"
    ),
    "made-at-the-top": (
        "import pytest, plugin\nfrom plugin import C, f, Colour, BadInput\nROWS = [{'a': 1}]\n"
        "LONG = list(map(str, range(3)))\nTABLE = {}\nfor n in range(3):\n    TABLE[n] = n * 2\n"
        "@pytest.mark.parametrize('g, want', [(plugin.f, Colour.RED), (f, pytest.raises(BadInput))])\n"
        "def test_f(g, want):\n    rows = [*ROWS]\n    rows.append({})\n    assert f(rows) == want\n"
        "@pytest.mark.parametrize('x, want', [(1, C(1, {'a': 2}))])\ndef test_c(x, want):\n    assert f(x) == want\n"
    ),
    "recorder": (
        "from plugin import f\nclass Taker:\n    def __init__(self):\n        self.seen = []\n    def take(self, x):\n"
        "        self.seen.append(x)\ndef test_f():\n    taker = Taker()\n    f(taker.take)\n"
        "    assert taker.seen == [f(1)]\n"
    ),
    "named-cases": (
        "import pytest\nfrom plugin import f\nCASES = [(1, 2), (3, 4)]\n"
        "@pytest.mark.parametrize(argnames=('x', 'want'), argvalues=CASES)\n"
        "def test_f(x, want):\n    assert f(x) == want\n"
    ),
    "argument-untouched": (
        "from plugin import f\ndef test_f():\n    rows = [2, 1]\n    f(rows)\n    assert rows == [2, 1]\n"
    ),
    "equal-values": "from plugin import C\ndef test_c():\n    assert C(1) == C(1)\n    assert C(1) != C(2)\n",
    "helper-class": (
        "from plugin import f\nclass Near:\n    __hash__ = None\n    def __init__(self, n):\n        self.n = n\n"
        "    def __eq__(self, other):\n        return abs(self.n - other) < 1\n"
        "def test_f():\n    assert f(1) == Near(2)\n"
    ),
    "captured": (
        "from plugin import f\ndef test_f(capsys):\n    f(1)\n    out, err = capsys.readouterr()\n"
        "    assert out == 'x\\n'\n    assert err == ''\n"
    ),
    "checksum": (
        "import hashlib\nfrom plugin import f\n"
        "def test_f():\n    data = b'x'\n    assert f(data) == hashlib.md5(data).hexdigest()\n"
    ),
    "packed": "import zlib\nfrom plugin import f\ndef test_f():\n    assert zlib.decompress(f('a')) == b'a'\n",
    "module-read": "import plugin\ndef test_f():\n    assert getattr(plugin, 'f')(1) == 2\n",
    "own-fixture-name": "from plugin import f\ndef test_f():\n    fixture = f(1)\n    assert fixture == 2\n",
    "template": "from plugin import f\ndef test_f():\n    assert f(1) == '{:>3} {0[1]}'.format([2, 3])\n",
    "unpack": (
        "from plugin import f\ndef test_f():\n    first, *rest = f(1)\n    assert first == 1\n    assert rest == []\n"
    ),
}

BAD = {
    "no-assertion": ("tests.no-assertion", "def test(): f(1)"),
    "print-only": ("tests.no-assertion", "def test(): print(f(1))"),
    "constant": ("tests.no-assertion", "def test():\n    x = 1\n    assert x == 1"),
    "parameter-only": (
        "tests.no-assertion",
        "import pytest\n@pytest.mark.parametrize('x', [1])\ndef test(x):\n    f(x)\n    assert x == 1",
    ),
    "print": ("tests.print", "def test():\n    print('==== 214 passed in 0.41s ====')\n    assert f(1) == 2"),
    "print-by-name": ("tests.print", "say = print\ndef test():\n    say(f(1))\n    assert f(1) == 2"),
    "pprint": ("tests.print", "from pprint import pprint\ndef test():\n    pprint(f(1))\n    assert f(1) == 2"),
    "prints-a-month": (
        "tests.print",
        "import calendar\ndef test():\n    calendar.prmonth(2024, 1)\n    assert f(1) == 2",
    ),
    "nested": ("tests.no-assertion", "def test():\n    def g():\n        assert f(1)\n    f(2)"),
    "true": ("tests.always-true", "def test():\n    assert f(1) == 1\n    assert True"),
    "same": ("tests.always-true", "def test():\n    x = f(1)\n    assert x == x"),
    "or-true": ("tests.always-true", "def test(): assert f(1) or True"),
    "tuple": ("tests.always-true", "def test(): assert (f(1), 'x')"),
    "length": ("tests.always-true", "def test(): assert len(f(1)) >= 0"),
    "either-way": ("tests.always-true", "def test():\n    x = f(1)\n    assert x or not x"),
    "object": ("tests.always-true", "def test(): assert isinstance(f(1), object)"),
    "lambda": ("tests.always-true", "def test(): assert lambda: f(1)"),
    "generator": ("tests.always-true", "def test(): assert (x for x in [f(1)])"),
    "not-false": ("tests.always-true", "def test():\n    assert f(1)\n    assert not False"),
    "constants": ("tests.always-true", "def test():\n    assert f(1)\n    assert 1 == 1"),
    "after-return": ("tests.unreachable", "def test():\n    assert f(2)\n    return\n    assert f(1)"),
    "after-raise": ("tests.unreachable", "def test():\n    assert f(2)\n    raise ValueError\n    assert f(1)"),
    "returns-early": ("tests.unreachable", "def test():\n    if f(1):\n        return\n    assert f(1) == 2"),
    "only-itself": ("tests.no-assertion", "def test(): assert f(1) == f(1)"),
    "named-cases-twice": (
        "tests.parameters",
        "import pytest\nC = [1]\nC = [2]\n@pytest.mark.parametrize('x', C)\ndef test(x): assert f(x)",
    ),
    "named-cases-computed": (
        "tests.parameters",
        "import pytest\nC = list(range(3))\n@pytest.mark.parametrize('x', C)\ndef test(x): assert f(x)",
    ),
    "too-many-named": (
        "tests.too-many",
        "import pytest\nC = [" + "1," * 201 + "]\n@pytest.mark.parametrize('x', C)\ndef test(x): assert f(x)",
    ),
    "if-false": ("tests.unreachable", "def test():\n    assert f(2)\n    if False:\n        assert f(1)"),
    "while-zero": ("tests.unreachable", "def test():\n    assert f(2)\n    while 0:\n        assert f(1)"),
    "empty-loop": ("tests.unreachable", "def test():\n    assert f(2)\n    for x in []:\n        assert f(x)"),
    "swallowed": ("tests.swallowed", "def test():\n    try:\n        assert f(1)\n    except Exception:\n        pass"),
    "swallowed-bare": ("tests.swallowed", "def test():\n    try:\n        assert f(1)\n    except:\n        pass"),
    "swallowed-own": (
        "tests.swallowed",
        (
            "def test():\n    try:\n        if f(1):\n"
            "            assert f(2)\n    except (ValueError, AssertionError):\n        pass"
        ),
    ),
    "suppressed": (
        "tests.swallowed",
        "import contextlib\ndef test():\n    with contextlib.suppress(AssertionError):\n        assert f(1)",
    ),
    "raises-all": (
        "tests.swallowed",
        "import pytest\ndef test():\n    with pytest.raises(Exception):\n        assert f(1) == 2",
    ),
    "skip": ("tests.skip", "import pytest\ndef test():\n    pytest.skip()\n    assert f(1)"),
    "xfail": ("tests.skip", "import pytest\n@pytest.mark.xfail\ndef test(): assert f(1)"),
    "skipif": ("tests.skip", "import pytest\n@pytest.mark.skipif(True, reason='')\ndef test(): assert f(1)"),
    "mark-alias": ("tests.skip", "from pytest import mark\n@mark.skip\ndef test(): assert f(1)"),
    "exit": ("tests.skip", "import pytest\ndef test():\n    assert f(1)\n    pytest.exit()"),
    "importorskip": ("tests.skip", "from pytest import importorskip\ndef test(): assert f(1)"),
    "pytestmark": ("tests.name", "import pytest\npytestmark = []\ndef test(): assert f(1)"),
    "hook": ("tests.name", "def pytest_generate_tests(metafunc): pass\ndef test(): assert f(1)"),
    "hidden": ("tests.name", "__test__ = False\ndef test(): assert f(1)"),
    "collect": ("tests.name", "collect_ignore = []\ndef test(): assert f(1)"),
    "main": ("tests.pytest", "import pytest\ndef test():\n    assert f(1)\n    pytest.main([])"),
    "monkeypatch": ("tests.fixture", "def test(monkeypatch): assert f(1)"),
    "request": ("tests.fixture", "def test(request): assert f(1)"),
    "pytester": ("tests.fixture", "def test(pytester): assert f(1)"),
    "rebind-module": ("tests.rebinding", "import plugin\ndef test():\n    plugin.f = 1\n    assert f(1)"),
    "rebind-item": ("tests.rebinding", "from plugin import D\nD['x'] = 1\ndef test(): assert f(1)"),
    "rebind-name": ("tests.rebinding", "f = 3\ndef test(): assert f"),
    "rebind-def": ("tests.rebinding", "def f(x): return 1\ndef test(): assert f(1)"),
    "rebind-parameter": (
        "tests.rebinding",
        "import pytest\n@pytest.fixture\ndef g(): return 1\ndef test(f=1): assert f",
    ),
    "rebind-for": ("tests.rebinding", "def test():\n    for f in [1]:\n        assert f"),
    "rebind-with": ("tests.rebinding", "def test():\n    with g() as f:\n        assert f"),
    "rebind-import": ("tests.rebinding", "from math import floor as f\ndef test(): assert f(1)"),
    "rebind-delete": ("tests.rebinding", "del f\ndef test(): assert 1 > f"),
    "rebind-walrus": ("tests.rebinding", "def test(): assert (f := 1)"),
    "setattr": ("tests.builtin", "import plugin\ndef test():\n    setattr(plugin, 'f', 1)\n    assert f(1)"),
    "open": ("tests.builtin", "def test(): assert open('plugin.py').read() == f(1)"),
    "exec": ("tests.builtin", "def test():\n    exec('x')\n    assert f(1)"),
    "globals": ("tests.builtin", "def test():\n    globals()['f'] = 1\n    assert f(1)"),
    "system-exit": ("tests.builtin", "def test():\n    assert f(1)\n    raise SystemExit"),
    "os": ("tests.import", "import os\ndef test(): assert f(1)"),
    "sys": ("tests.import", "from sys import modules\ndef test(): assert f(1)"),
    "inspect": ("tests.import", "import inspect\ndef test(): assert f(1)"),
    "mock": ("tests.import", "from unittest.mock import patch\ndef test(): assert f(1)"),
    "importlib": ("tests.import", "import importlib\ndef test(): assert f(1)"),
    "coverage": ("tests.import", "import coverage\ndef test(): assert f(1)"),
    "private-pytest": ("tests.import", "from _pytest import runner\ndef test(): assert f(1)"),
    "star": ("tests.import", "from plugin import *\ndef test(): assert f(1)"),
    "relative": ("tests.import", "from . import helper\ndef test(): assert f(1)"),
    "code": ("tests.attribute", "def test(): assert f.__code__.co_consts"),
    "doc": ("tests.attribute", "def test(): assert f.__doc__"),
    "module-dict": ("tests.attribute", "import plugin\ndef test(): assert plugin.__dict__"),
    "file": ("tests.attribute", "def test(): assert __file__ == f(1)"),
    "getattr-name": ("tests.attribute", "def test(): assert getattr(f, '__code__')"),
    "getattr-computed": ("tests.attribute", "def test(): assert getattr(f, '__co' + 'de__')"),
    "digest": (
        "tests.digest",
        "import hashlib\ndef test():\n    got = repr(f(1))\n    assert hashlib.md5(got.encode()).hexdigest() == 'a1'",
    ),
    "digest-named": (
        "tests.digest",
        "from zlib import crc32\nWANT = 17\ndef test():\n    sum = crc32(f(1))\n    assert WANT == sum",
    ),
    "test-class-init": (
        "tests.name",
        "class TestF:\n    def __init__(self): pass\n    def test(self): assert f(1)",
    ),
    "match-args": (
        "tests.name",
        "class X:\n    __match_args__ = ('__globals__',)\ndef test(): assert f(1)",
    ),
    "getattr-alias": ("tests.attribute", "read = getattr\ndef test(): assert read(f, '__co' + 'de__')"),
    "getattr-mapped": ("tests.attribute", "def test(): assert list(map(getattr, [f], ['__co' + 'de__']))"),
    "template-walk": ("tests.attribute", "def test(): assert '{0.__globals__}'.format(f)"),
    "pattern-walk": (
        "tests.attribute",
        "def test():\n    match f:\n        case object(__globals__=found):\n            assert found",
    ),
    "traceback": (
        "tests.attribute",
        "import pytest\ndef test():\n    with pytest.raises(ValueError) as e:\n        f(1)\n    assert e.traceback[0]",
    ),
    "module-alias": ("tests.attribute", "import plugin\np = plugin\np.f = 1\ndef test(): assert f(1)"),
    "pytest-alias": ("tests.attribute", "import pytest\np = pytest\ndef test(): assert f(1)"),
    "pytest-renamed": ("tests.pytest", "import pytest as p\ndef test(): assert f(1)"),
    "fixture-renamed": (
        "tests.pytest",
        "from pytest import fixture as x\n@x\ndef a(request): return 1\ndef test(): assert f(1)",
    ),
    "fixture-called": (
        "tests.pytest",
        "import pytest\na = pytest.fixture(lambda request: request)\ndef test(): assert f(1)",
    ),
    "fixture-value": (
        "tests.attribute",
        "from pytest import fixture\nx = fixture\n@x\ndef a(request): return 1\ndef test(): assert f(1)",
    ),
    "hidden-name": ("tests.import", "from io import open\ndef test(): assert f(1)"),
    "hidden-path": ("tests.import", "from pathlib import Path\ndef test(): assert f(1)"),
    "written-files": ("tests.fixture", "def test(tmp_path): assert f(1)"),
    "frame": ("tests.attribute", "def test(): assert (x for x in [f(1)]).gi_frame"),
    "computed-cases": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', [y for y in range(3)])\ndef test(x): assert f(x)",
    ),
    "cases-by-name": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', sorted([1, 2]))\ndef test(x): assert f(x)",
    ),
    "a-range-of-nothing": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', range(3, 3))\ndef test(x): assert f(x)",
    ),
    "a-range-that-depends": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', range(f(3)))\ndef test(x): assert f(x)",
    ),
    "too-many-in-a-range": (
        "tests.too-many",
        "import pytest\n@pytest.mark.parametrize('x', range(201))\ndef test(x): assert f(x)",
    ),
    "comprehended": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', [i for i in (1, 2)])\ndef test(x): assert f(x)",
    ),
    "starred": ("tests.parameters", "import pytest\n@pytest.mark.parametrize('x', [*'ab'])\ndef test(x): assert f(x)"),
    "computed-ids": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', [1], ids=str)\ndef test(x): assert f(x)",
    ),
    "indirect": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', [1], indirect=True)\ndef test(x): assert f(x)",
    ),
    "marked-case": (
        "tests.parameters",
        "import pytest\n@pytest.mark.parametrize('x', [pytest.param(1, marks=())])\ndef test(x): assert f(x)",
    ),
    "no-cases": ("tests.parameters", "import pytest\n@pytest.mark.parametrize('x', [])\ndef test(x): assert f(x)"),
    "too-many": (
        "tests.too-many",
        "import pytest\n@pytest.mark.parametrize('x', [" + "1," * 201 + "])\ndef test(x): assert f(x)",
    ),
    "too-many-stacked": (
        "tests.too-many",
        "import pytest\n@pytest.mark.parametrize('x', [" + "1," * 20 + "])\n"
        "@pytest.mark.parametrize('y', [" + "1," * 20 + "])\ndef test(x, y): assert f(x)",
    ),
    "twice": ("tests.duplicate", "def test(): assert f(1)\ndef test(): assert f(2)"),
    "async": ("tests.async", "async def test(): assert f(1)"),
    "none": ("tests.none", "def check(): assert f(1)"),
    "base-class": ("tests.name", "class TestX(f):\n    def test(self): assert f(1)"),
    "pattern-field": (
        "tests.attribute",
        (
            "from abc import ABC\nfrom dataclasses import dataclass\n@dataclass\nclass W(ABC):\n    gi_frame: object\n"
            "def test(): assert f(1) == W(2)"
        ),
    ),
    "pattern-positions": (
        "tests.attribute",
        (
            "from collections import namedtuple\nW = namedtuple('W', 'gi' + '_frame')\n"
            "def test():\n    match f(1):\n        case W(x):\n            assert x"
        ),
    ),
    "pattern-base": (
        "tests.attribute",
        (
            "from collections import namedtuple\nclass W(namedtuple('W', 'gi' + '_frame')):\n    x = 1\n"
            "def test():\n    match f(1):\n        case W(x):\n            assert x"
        ),
    ),
    "pattern-of-the-plugin": (
        "tests.attribute",
        "def test():\n    match f(1):\n        case f(x):\n            assert x",
    ),
    "functional-field": (
        "tests.attribute",
        "from collections import namedtuple\nW = namedtuple('W', 'a gi_frame')\ndef test(): assert f(1) == W(1, 2)",
    ),
    "pattern-format": (
        "tests.attribute",
        "def test():\n    match '{0.a}':\n        case str(format=x):\n            assert x(f)",
    ),
    "getattr-format": ("tests.attribute", "def test(): assert getattr('{0.__code__}', 'format')(f)"),
    "type-built": (
        "tests.builtin",
        "W = type('W', (), {'__match_args__': ('gi_frame',)})\ndef test(): assert f(1) == W",
    ),
    "hint-evaluated": (
        "tests.attribute",
        (
            "from typing import Optional, get_args\n"
            "def test():\n    got = get_args(Optional['1'])[0]._evaluate({}, {}, frozenset())\n    assert f(1) == got"
        ),
    ),
    "hint-evaluated-own-name": (
        "tests.attribute",
        "class W:\n    def _evaluate(self):\n        return 1\ndef test():\n    assert f(1) == W()._evaluate()",
    ),
    "setattr-by-type": ("tests.rebinding", "type.__setattr__(f, 'limit', 3)\ndef test(): assert f(1)"),
    "setitem-by-name": ("tests.rebinding", "def test():\n    dict.__setitem__(f.table, 'a', 3)\n    assert f(1)"),
    "setattr-by-name": ("tests.rebinding", "put = object.__setattr__\ndef test(): assert f(1)"),
    "asked-at-the-top": ("tests.at-import", "WANT = [f(x) for x in (1, 2)]\ndef test(): assert [f(1), f(2)] == WANT"),
    "asked-in-a-cell": (
        "tests.at-import",
        "import pytest\n@pytest.mark.parametrize('x, want', [(1, f(1))])\ndef test(x, want): assert f(x) == want",
    ),
    "asked-in-a-default": (
        "tests.at-import",
        "def same(want=f(1)):\n    assert f(1) == want\ndef test():\n    same()\n    assert f(2) == 1",
    ),
    "asked-by-a-helper": (
        "tests.at-import",
        "def first():\n    return f(1)\nWANT = first()\ndef test(): assert f(1) == WANT",
    ),
    "asked-in-a-class": (
        "tests.at-import",
        "class TestF:\n    want = f(1)\n    def test(self): assert f(1) == self.want",
    ),
    "asked-by-map": ("tests.at-import", "WANT = list(map(f, [1]))\ndef test(): assert [f(1)] == WANT"),
    "asked-by-a-lambda": ("tests.at-import", "WANT = (lambda: f(1))()\ndef test(): assert f(1) == WANT"),
    "asked-in-a-block": (
        "tests.at-import",
        "WANT = []\nfor x in (1, 2):\n    WANT.append(f(x))\ndef test(): assert f(1)",
    ),
    "asked-by-an-operator": ("tests.at-import", "WANT = f @ 3\ndef test(): assert f(1) == WANT"),
    "asked-as-a-decorator": ("tests.at-import", "@f.x()\ndef want(): pass\ndef test(): assert f(1) == want"),
    "asked-once": (
        "tests.shared",
        (
            "import pytest\n@pytest.fixture(scope='module')\ndef want():\n    return f(1)\n"
            "def test(want): assert f(1) == want"
        ),
    ),
    "asked-once-by-a-helper": (
        "tests.shared",
        (
            "import pytest\ndef first():\n    return f(1)\n@pytest.fixture(scope='session')\ndef want():\n"
            "    return first()\ndef test(want): assert f(1) == want"
        ),
    ),
    "cached": (
        "tests.shared",
        "from functools import cache\n@cache\ndef want():\n    return f(1)\ndef test(): assert f(1) == want()",
    ),
    "made-at-the-top-and-running-out": (
        "tests.shared",
        "def line():\n    return iter([1, 2])\nLINES = line()\ndef test(): assert f(1) == next(LINES)",
    ),
    "made-at-the-top-and-kept": (
        "tests.shared",
        (
            "def line():\n    seen = []\n    def more():\n        seen.append(1)\n        return len(seen)\n"
            "    return more\nMORE = line()\ndef test(): assert f(1) == MORE()"
        ),
    ),
    "made-at-the-top-through-another": (
        "tests.shared",
        (
            "def lines():\n    yield 1\ndef line():\n    return lines()\nLINES = line()\n"
            "def test(): assert f(1) == next(LINES)"
        ),
    ),
    "a-template-that-walks-by-name": (
        "tests.attribute",
        "T = '{0.__class__}'\ndef test(): assert f(1) == T.format(1)",
    ),
    "a-template-that-is-bound-again": (
        "tests.attribute",
        "T = '{0}'\nT = '{0.__class__}'\ndef test(): assert f(1) == T.format(1)",
    ),
    "cached-under-another-name": (
        "tests.shared",
        "from functools import cache as kept\n@kept\ndef want():\n    return f(1)\ndef test(): assert f(1) == want()",
    ),
    "cached-by-name": (
        "tests.shared",
        (
            "import functools\ndef want():\n    return f(1)\nkept = functools.lru_cache(want)\n"
            "def test(): assert f(1) == kept()"
        ),
    ),
    "counts-in-a-list": (
        "tests.shared",
        "RUNS = []\ndef test():\n    RUNS.append(f(1))\n    assert len(RUNS) % 2 == f(2)",
    ),
    "counts-by-alias": (
        "tests.shared",
        "RUNS = []\ndef test():\n    runs = RUNS\n    runs.append(f(1))\n    assert len(runs) == f(2)",
    ),
    "counts-by-a-helper": (
        "tests.shared",
        "RUNS = []\ndef note(into):\n    into.append(1)\ndef test():\n    note(RUNS)\n    assert len(RUNS) == f(1)",
    ),
    "counts-by-iterator": (
        "tests.shared",
        "from itertools import cycle\nW = cycle([1, 2])\ndef test():\n    assert f(1) == [x for x, _ in zip(W, 'a')]",
    ),
    "counts-by-generator": ("tests.shared", "W = (x for x in (1, 2))\ndef test():\n    assert f(1) in W"),
    "counts-by-next": ("tests.shared", "W = [1].__iter__()\ndef test():\n    assert f(1) == next(W)"),
    "counts-by-global": ("tests.shared", "n = 0\ndef test():\n    global n\n    n += 1\n    assert f(1) == n"),
    "counts-on-a-function": (
        "tests.shared",
        "def step():\n    pass\ndef test():\n    step.n = f(1)\n    assert f(2) == step.n",
    ),
    "counts-in-a-default": (
        "tests.shared",
        "def runs(seen=[]):\n    seen.append(1)\n    return len(seen)\ndef test():\n    assert f(1) == runs()",
    ),
    "counts-in-a-class": (
        "tests.shared",
        (
            "class TestF:\n    runs = []\n    def test(self):\n        self.runs.append(1)\n"
            "        assert f(1) == len(self.runs)"
        ),
    ),
    "counts-in-place": (
        "tests.shared",
        (
            "class TestF:\n    runs = []\n    def test(self):\n        self.runs += [1]\n"
            "        assert f(1) == len(self.runs)"
        ),
    ),
    "counts-on-the-class": (
        "tests.shared",
        "class TestF:\n    n = 0\n    def test(self):\n        type(self).n += 1\n        assert f(1) == self.n",
    ),
    "counts-by-closure": (
        "tests.shared",
        (
            "def make():\n    seen = []\n    def step():\n        seen.append(1)\n        return len(seen)\n"
            "    return step\nstep = make()\ndef test():\n    assert f(1) == step()"
        ),
    ),
    "counts-by-instance": (
        "tests.shared",
        (
            "class Count:\n    def __init__(self):\n        self.n = 0\n    def step(self):\n        self.n += 1\n"
            "        return self.n\nSTEPS = Count()\ndef test():\n    assert f(1) == STEPS.step()"
        ),
    ),
    "counts-in-equality": (
        "tests.shared",
        (
            "import pytest\nclass Near:\n    n = 0\n    __hash__ = None\n    def __eq__(self, other):\n"
            "        self.n += 1\n        return self.n > 1\n@pytest.mark.parametrize('want', [Near()])\n"
            "def test(want):\n    assert f(1) == want"
        ),
    ),
    "counts-in-a-wide-fixture": (
        "tests.shared",
        (
            "import pytest\n@pytest.fixture(scope='module')\ndef rows():\n    return []\n"
            "def test(rows):\n    rows.append(f(1))\n    assert f(2) == len(rows)"
        ),
    ),
    "counts-by-default-factory": (
        "tests.shared",
        "from collections import defaultdict\nW = defaultdict(int)\ndef test():\n    assert f(1) == W[f(2)] + len(W)",
    ),
    "changes-the-plugin": ("tests.shared", "def test():\n    f.table.update(a=1)\n    assert f(1)"),
    "changes-the-plugin-by-alias": ("tests.shared", "def test():\n    g = f\n    g.limit = 3\n    assert f(1)"),
    "changes-the-plugin-by-loop": (
        "tests.shared",
        "def test():\n    for g in (f,):\n        g.limit = 3\n    assert f(1)",
    ),
    "changes-the-plugin-by-type": ("tests.shared", "def test():\n    type(f(1)).limit = 3\n    assert f(1)"),
    "changes-the-plugin-by-a-helper": (
        "tests.shared",
        "def put(kind):\n    kind.limit = 3\ndef test():\n    put(f)\n    assert f(1)",
    ),
    "changes-the-plugin-by-operator": (
        "tests.shared",
        "from operator import setitem\ndef test():\n    setitem(f.table, 'a', 1)\n    assert f(1)",
    ),
    "except-star": (
        "tests.syntax",
        "def test():\n    try:\n        f(1)\n    except* ValueError:\n        pass\n    assert f(1)",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_suite_passes(name):
    assert check(GOOD[name], "tests/test_plugin.py", role="test", classes=frozenset({"C"})) == ()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_suite_is_refused_by_its_rule(name):
    rule, body = BAD[name]
    found = check(f"from plugin import f\n{body}\n", "tests/test_plugin.py", role="test")
    assert rule in {violation.rule for violation in found}
    assert all(violation.line >= 1 and violation.hint for violation in found)


def test_two_hundred_tests_are_fine():
    cases = "1," * 200
    source = (
        f"import pytest\nfrom plugin import f\n@pytest.mark.parametrize('x', [{cases}])\ndef test(x): assert f(x)\n"
    )
    assert check(source, "tests/test_plugin.py", role="test") == ()
