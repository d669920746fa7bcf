"""Forms of a module that hide something: two statements on a line, memory between calls, addresses."""

from __future__ import annotations

import ast

import pytest

from selfmod.gate.reading.forms import forms


def rules(source: str) -> list[tuple[str, int]]:
    return [(item["rule"], item["line"]) for item in forms(ast.parse(source), source.encode(), "plugin.py")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f(x):\n    if x: x = 0\n    return x\n", 2),
        ("def f(x):\n    while x: x = 0\n", 2),
        ("def f(x):\n    for _ in x: x = 0\n", 2),
        ("def f(x): return x\n", 1),
        ("async def f(x): return x\n", 1),
        ("def f(x):\n    with x: x = 0\n", 2),
        ("def f(x):\n    try: x = 0\n    except ValueError:\n        pass\n", 2),
        ("def f(x):\n    try:\n        x = 0\n    except ValueError: x = 1\n", 4),
        ("def f(x):\n    try:\n        x = 0\n    finally: x = 1\n", 4),
        ("def f(x):\n    if x:\n        x = 0\n    else: x = 1\n", 4),
        ("def f(x):\n    match x:\n        case 1: x = 0\n", 3),
        ("class A: x = 1\n", 1),
        ("x = 1; y = 2\n", 1),
        ("x = 'é'; y = 2\n", 1),
        ("x = (1,\n  2); y = 2\n", 2),
        ("def f(x):\n    ...; x = 1\n", 2),
    ],
)
def test_two_statements_on_a_line_are_refused(source: str, line: int) -> None:
    assert rules(source) == [("policy.one-line", line)]


@pytest.mark.parametrize(
    "source",
    [
        "class A(Exception): ...\nclass B(Exception): pass\nclass C:\n    def f(self) -> int: ...\n",
        "def f(x):\n    if x:\n        return 1\n    elif not x:\n        return 2\n    else:\n        return 3\n",
        "x = [y for y in (1, 2) if y]; \nf = lambda x: x\n",
        "@g\ndef f(\n    x,\n): \n    return x\n",
        "x = '''a\n  b'''\ny = 1\n",
    ],
)
def test_each_statement_on_its_line_is_fine(source: str) -> None:
    assert rules(source) == []


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("SEEN = []\ndef f(x):\n    seen = SEEN\n    seen += [x]\n", 4),
        ("@cache\ndef kept():\n    return {}\ndef f(x):\n    seen = kept()\n    seen |= x\n", 6),
        ("@cache\ndef kept():\n    seen = {}\n    return seen\ndef f(x):\n    seen = kept()\n    seen |= x\n", 7),
        ("SEEN = set()\ndef kept():\n    return SEEN\ndef f(x):\n    seen = kept()\n    seen |= x\n", 6),
        ("SEEN = {1: []}\ndef f(x):\n    SEEN.get(x, []).append(1)\n", 3),
        ("SEEN = []\ndef f(x, y):\n    y.get(x, SEEN).append(1)\n", 3),
        ("SEEN = []\ndef f(x):\n    SEEN.append(x)\n", 3),
        ("SEEN = []\ndef f(x):\n    seen = SEEN\n    seen.append(x)\n", 4),
        ("SEEN = []\ndef note(into):\n    into.append(1)\ndef f(x):\n    note(SEEN)\n", 5),
        ("SEEN = {}\ndef f(x):\n    SEEN[x] = 1\n", 3),
        ("SEEN = {}\ndef f(x):\n    del SEEN[x]\n", 3),
        ("SEEN = {}\ndef table():\n    return SEEN\ndef f(x):\n    table()[x] = 1\n", 5),
        ("@cache\ndef kept():\n    return []\ndef f(x):\n    kept().append(x)\n", 5),
        ("n = 0\ndef f(x):\n    global n\n    n += 1\n", 3),
        ("def f(x):\n    f.n = x\n", 2),
        ("def f(x, seen=[]):\n    seen.append(x)\n", 2),
        ("class A:\n    n = 0\ndef f(x):\n    A.n += 1\n", 4),
        ("class A:\n    n = 0\n    def f(self):\n        type(self).n += 1\n", 4),
        ("class A:\n    seen = []\n    def f(self):\n        self.seen.append(1)\n", 4),
        ("class A:\n    seen = []\n    def f(self):\n        self.seen += [1]\n", 4),
        ("class A:\n    @classmethod\n    def f(cls):\n        cls.n = 1\n", 4),
        ("SEEN = itertools.count()\ndef f(x):\n    return x\n", 1),
        ("SEEN = (x for x in (1, 2))\ndef f(x):\n    return x\n", 1),
        ("def numbers():\n    yield 1\nSEEN = numbers()\n", 3),
        (
            "def make():\n    n = 0\n    def go():\n        nonlocal n\n        n += 1\n    return go\nGO = make()\n",
            7,
        ),
        ("def make():\n    n = []\n    def step():\n        n.append(1)\n    return step\nSTEP = make()\n", 6),
        (
            "def memo(g):\n    n = []\n    def go():\n        n.pop()\n    return go\n@memo\ndef f():\n    return 1\n",
            6,
        ),
        ("class A:\n    def step(self):\n        self.n += 1\nSTEPS = A()\n", 4),
        ("@cache\ndef g():\n    return 1\ndef f(x):\n    return g.cache_info().hits\n", 5),
        ("SEEN = [1]\ndef f(x):\n    return heappush(SEEN, x)\n", 3),
        ("def f(x):\n    getcontext().prec = x\n", 2),
        ("SEEN = set()\nsee = SEEN.add\ndef f(x):\n    see(x)\n", 2),
        ("SEEN = set()\nif True:\n    see = SEEN.add\ndef f(x):\n    see(x)\n", 3),
        ("SEEN = set()\nsee = partial(SEEN.update)\ndef f(x):\n    see(x)\n", 2),
        ("SEEN = set()\nsee = [SEEN][0].__ior__\ndef f(x):\n    see(x)\n", 2),
        ("SEEN = set()\ndef f(x, see=SEEN.add):\n    see(x)\n", 2),
        ("class A:\n    seen = []\n    see = seen\nsee = A.seen.append\ndef f(x):\n    see(x)\n", 4),
        ("SEEN = set()\ndef f(x):\n    SEEN.difference_update(x)\n", 3),
        ("SEEN = set()\ndef f(x):\n    set.add(SEEN, x)\n", 3),
        ("PAGES = [[]]\ndef f(x):\n    max(PAGES).append(x)\n", 3),
        ("PAGES = [[]]\ndef f(x):\n    page = next(iter(PAGES))\n    page.append(x)\n", 4),
        ("PAGES = {}\ndef f(x):\n    page = PAGES.get(x)\n    page.append(x)\n", 4),
        ("PAGES = {}\ndef f(x):\n    for page in PAGES.values():\n        page.append(x)\n", 4),
        ("STATE = A()\ndef f(x):\n    state = [STATE][0]\n    state.n = x\n", 4),
        ("STATE = A()\ndef f(x):\n    state = {1: STATE}[1]\n    state.n = x\n", 4),
        ("STATE = A()\ndef f(x):\n    (x and STATE).n = x\n", 3),
        ("STATE = A()\ndef f(x):\n    (STATE if x else x).n = x\n", 3),
        ("STATE = A()\ndef f(x):\n    (state := STATE).n = x\n", 3),
        ("STATE = A()\ndef f(x):\n    itemgetter(0)([STATE]).n = x\n", 3),
        ("ROOT = Element('a')\ndef f(x):\n    return SubElement(ROOT, x)\n", 3),
    ],
)
def test_memory_between_calls_is_refused(source: str, line: int) -> None:
    assert rules(source) == [("policy.memory", line)]


@pytest.mark.parametrize(
    "source",
    [
        "TABLE = [1]\ndef f(x):\n    best = TABLE[0]\n    best += 1\n    return best\n",
        "@cache\ndef kept():\n    return 1\ndef f(x):\n    n = kept()\n    n += 1\n    return n\n",
        "SEEN = []\ndef kept():\n    SEEN = []\n    return SEEN\ndef f(x):\n    seen = kept()\n    seen += [x]\n",
        "TABLE = {1: 2}\ndef f(x):\n    n = len(TABLE)\n    n += 1\n    return n\n",
        'KEY = "tally"\ndef f(x):\n    counts = storage.get(KEY, {})\n    counts[x] = 1\n',
        "def f(x, NAMES=(1,)):\n    kept = x.pop(NAMES)\n    kept.append(1)\n",
        "TABLE = {}\nfor n in range(3):\n    TABLE[n] = n\n",
        "@cache\ndef g(x):\n    return x\ndef f(x):\n    return g(x)\n",
        "@dataclass\nclass A:\n    seen: list = field(default=0)\n    def a(self):\n        self.seen.pop()\n",
        "class A:\n    n = 0\n    def f(self):\n        self.n += 1\ndef f(x):\n    a = A()\n    a.f()\n",
        "def f(rows):\n    out = {}\n    for row in rows:\n        out.setdefault(row, []).append(1)\n    return out\n",
        "def f(rows):\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n    step()\n    return n\n",
        "TABLE = [1]\ndef f(TABLE):\n    TABLE.append(1)\n    return TABLE\n",
        "SEEN = []\nSEEN.append(1)\nfor n in range(3):\n    SEEN.append(n)\n",
        "@singledispatch\ndef f(x):\n    return x\n@f.register\ndef g(x: int):\n    return x\n",
        "class A:\n    def add(self, x):\n        return x\nadd = A.add\n",
        "TABLE = {1: 'a'}\ndef f(x):\n    best = max(TABLE)\n    best += 1\n    return [TABLE.get(best), x][0]\n",
        "TABLE = {1: 'a'}\ndef f(x):\n    own = dict(TABLE)\n    own.update(x)\n    return sorted(own)\n",
        "TABLE = [1]\ndef f(rows):\n    rows.append(TABLE)\n    rows.update(TABLE)\n    list.append(rows, TABLE)\n",
        "TABLE = [1]\ndef f(x):\n    rows = iter(TABLE)\n    return next(rows) + next(iter(TABLE))\n",
        "PAIRS = dict(zip('ab', 'cd'))\nNAMES = tuple(x for x in 'ab')\n",
    ],
)
def test_what_a_call_makes_for_itself_is_fine(source: str) -> None:
    assert rules(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return hash(x)\n",
        "def f(x):\n    return id(x)\n",
        "def f(x):\n    return sorted(x, key=id)\n",
        "def g(id):\n    return id\ndef f(x):\n    y = id(x)\n",
        "class A:\n    def __hash__(self):\n        self.n = hash(self.name)\n        return 1\n",
        "def f(x):\n    return x.__hash__()\n",
    ],
)
def test_addresses_are_refused(source: str) -> None:
    assert [rule for rule, _ in rules(source)] == ["policy.address"]


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    def __hash__(self):\n        return hash((self.a, self.b))\n",
        "def f(id, row):\n    hash = row.hash\n    return id, hash\n",
    ],
)
def test_hashes_of_own_classes_and_own_names_are_fine(source: str) -> None:
    assert rules(source) == []
