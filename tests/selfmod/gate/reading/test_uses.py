"""What of the outside a module uses is found in its source, with the names that are written out."""

from __future__ import annotations

import ast

import pytest

from selfmod.gate.reading.parse import Material
from selfmod.gate.reading.uses import uses


def used(source: str) -> list[tuple[str, str, int, bool]]:
    ast.parse(source)
    material = Material(files={"plugin.py": source.encode()}, previous={}, entry="plugin.py", tests=())
    return [(item["kind"], item["name"], item["line"], item["literal"]) for item in uses(material)]


CLOCK, RANDOM = ("effect:clock", "effect:clock", 3, True), ("effect:random", "effect:random", 3, True)
COMPUTED = ("network", "network")
HTTP, FILES = "from plugins.sdk import http\n", "from plugins.sdk import files\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import time\ndef f(now=None):\n    return time.gmtime(now)", CLOCK),
        ("import time\ndef f(now: float | None):\n    return time.localtime(now)", CLOCK),
        ("import time\ndef f(now):\n    return time.ctime(now)", CLOCK),
        ("import time\nx = y = None\ndef f():\n    z = x\n    return time.ctime(z)", (*CLOCK[:2], 5, True)),
        ("import time\n\nx = time.gmtime(1 if y else None)", CLOCK),
        ("import time\n\nx = time.gmtime(y and None)", CLOCK),
        ("import time\n\nx = time.gmtime((y := None))", CLOCK),
        ("import time\n\nx = time.strftime('%Y', *[])", CLOCK),
        ("import time\n\nx = time.strftime('%Y', **{})", CLOCK),
        ("import time\n\nx = time.timezone", CLOCK),
        ("import time\n\nx = time.tzname[0]", CLOCK),
        ("import time\n\nx = time.mktime(y)", CLOCK),
        ("from datetime import datetime\n\nx = y.astimezone()", CLOCK),
        ("from datetime import datetime\n\nx = y.astimezone(None)", CLOCK),
        ("from datetime import datetime\n\nx = map(datetime.astimezone, y)", CLOCK),
        ("from datetime import datetime\n\nx = datetime.fromtimestamp(1)", CLOCK),
        ("from datetime import date\n\nx = date.fromtimestamp(1)", CLOCK),
        ("from statistics import NormalDist\n\nx = NormalDist().samples(1)", RANDOM),
        ("from statistics import NormalDist\n\nx = NormalDist().samples(1, seed=None)", RANDOM),
        ("from statistics import NormalDist\n\nx = NormalDist().samples", RANDOM),
        ("import random\ndef f(seed: int | None):\n    return random.Random(seed)", RANDOM),
        ("import random\n\nx = random.Random(*y)", RANDOM),
        (HTTP + "http.get('https://a.org/x')", ("network", "network:a.org:443", 2, True)),
        (HTTP + "http.get('http://A.org:8080')", ("network", "network:a.org:8080", 2, True)),
        (HTTP + "http.get(url='http://a.org')", ("network", "network:a.org:80", 2, True)),
        (HTTP + "http.request('GET', 'https://a.org/')", ("network", "network:a.org:443", 2, True)),
        (HTTP + "http.get(f'https://a.org/{x}')", ("network", "network:a.org:443", 2, True)),
        (HTTP + "http.get('https://a.org/' + x)", ("network", "network:a.org:443", 2, True)),
        (HTTP + "U = 'https://a.org'\nhttp.get(U + '/x')", ("network", "network:a.org:443", 3, True)),
        (HTTP + "U = 'https://a.org'\nhttp.get(f'{U}/x')", ("network", "network:a.org:443", 3, True)),
        (
            HTTP + "U = 'https://a.org'\ndef f(x):\n  match x:\n    case U: http.get(U)",
            ("network", "network", 5, False),
        ),
        (HTTP + "U = 'https://a.org'\nfrom x import U\nhttp.get(U)", (*COMPUTED, 4, False)),
        (HTTP + "http.get(f'https://{x}/')", ("network", "network", 2, False)),
        (HTTP + "http.get(f'https://a.org{x}')", ("network", "network", 2, False)),
        (HTTP + "http.get('https://a.org' + x)", ("network", "network", 2, False)),
        (HTTP + "http.get(x)", ("network", "network", 2, False)),
        (HTTP + "http.get(*x)", ("network", "network", 2, False)),
        (HTTP + "g = http.get", ("network", "network", 2, False)),
        (HTTP + "g(http)", ("network", "network", 2, False)),
        (HTTP + "U = 'https://a.org/'\nU = x\nhttp.get(U)", (*COMPUTED, 4, False)),
        (HTTP + "http.get('https://user@b.org/')", ("network", "network:b.org:443", 2, True)),
        ("from plugins.sdk import http as h\nh.post('https://a.org/')", ("network", "network:a.org:443", 2, True)),
        ("import plugins.sdk\nplugins.sdk.http.get('https://a.org/')", ("network", "network:a.org:443", 2, True)),
        ("import plugins.sdk as s\ns.http.get('https://a.org/')", ("network", "network:a.org:443", 2, True)),
        ("from sdk import http\nhttp.get('https://a.org/')", ("network", "network:a.org:443", 2, True)),
        ("from plugins import sdk\nsdk.http.get('https://a.org/')", ("network", "network:a.org:443", 2, True)),
        ("from plugins.sdk import tcp\ntcp.open('a.org', 25)", ("network", "network:a.org:25", 2, True)),
        ("from plugins.sdk import tcp\ntcp.open('a.org', x)", ("network", "network", 2, False)),
        (FILES + "files.read('~/a.txt')", ("read", "read:~/a.txt", 2, True)),
        (FILES + "files.read(x)", ("read", "read", 2, False)),
        (FILES + "files.list('~/a')", ("read", "read:~/a", 2, True)),
        (FILES + "files.write('~/a.txt', x)", ("write", "write:~/a.txt", 2, True)),
        (FILES + "files.write(path='~/a.txt', data=x)", ("write", "write:~/a.txt", 2, True)),
        (FILES + "f = files.write", ("write", "write", 2, False)),
        (FILES + "f = files.other('~/x')", ("indirect", "files", 2, False)),
        (FILES + "g(files)", ("indirect", "files", 2, False)),
        ("import plugins.sdk\ng(plugins.sdk)", ("star", "star", 2, False)),
        ("from plugins.sdk import *", ("star", "star", 1, False)),
        ("from plugins.sdk import environment\nenvironment.get('A')", ("environment", "environment:A", 2, True)),
        ("from plugins.sdk import environment\nenvironment.get(a)", ("environment", "environment", 2, False)),
        ("from plugins.sdk import environment\nenvironment['A']", ("environment", "environment:A", 2, True)),
        ("from plugins.sdk import environment\nenvironment[a]", ("environment", "environment", 2, False)),
        ("from plugins.sdk import storage\nk in storage", ("storage", "storage", 2, True)),
        (HTTP + "http.stream('GET', 'https://a.org/')", ("network", "network:a.org:443", 2, True)),
        (HTTP + "U = 'https://a.org/'\ndef f(U): http.get(U)", ("network", "network", 3, False)),
        ("from plugins.sdk import storage\nstorage.get(k)", ("storage", "storage", 2, True)),
        ("from plugins.sdk import clock\nclock.now()", ("effect:clock", "effect:clock", 2, True)),
        ("from plugins.sdk import random\nrandom.choice(x)", ("effect:random", "effect:random", 2, True)),
        ("from datetime import datetime\ndatetime.now()", ("effect:clock", "effect:clock", 2, True)),
        ("import datetime as d\nd.datetime.utcnow()", ("effect:clock", "effect:clock", 2, True)),
        ("from datetime import date\nf(default=date.today)", ("effect:clock", "effect:clock", 2, True)),
        ("import time\ntime.time()", ("effect:clock", "effect:clock", 2, True)),
        ("from time import perf_counter as p\np()", ("effect:clock", "effect:clock", 2, True)),
        ("import time\ntime.strftime('%Y')", ("effect:clock", "effect:clock", 2, True)),
        ("import random\nrandom.random()", ("effect:random", "effect:random", 2, True)),
        ("from random import shuffle\nshuffle(x)", ("effect:random", "effect:random", 2, True)),
        ("import random\nrandom.Random()", ("effect:random", "effect:random", 2, True)),
        ("import random\nr = random.Random\nr()", ("effect:random", "effect:random", 2, True)),
        ("import datetime\nd = datetime.datetime\nd.now()", ("effect:clock", "effect:clock", 3, True)),
        ("from datetime import date\nclass D(date):\n  pass\nD.today()", ("effect:clock", "effect:clock", 4, True)),
        ("import uuid\nuuid.uuid4()", ("effect:random", "effect:random", 2, True)),
        ("import random\nrandom.Random(None)", ("effect:random", "effect:random", 2, True)),
        ("import random\nR = random.Random", ("effect:random", "effect:random", 2, True)),
        ("from random import Random\nclass R(Random): pass", ("effect:random", "effect:random", 2, True)),
        ("import random\nr = random.Random(1)\nr.seed()", ("effect:random", "effect:random", 3, True)),
        ("import time\ngetattr(time, 'ti' + 'me')()", ("star", "time", 2, False)),
        ("import random\nx = [random]", ("star", "random", 2, False)),
        ("from datetime import date\nD = date(1, 1, 1)\nD.today()", ("effect:clock", "effect:clock", 3, True)),
        ("from datetime import datetime as d\ntype(d(1, 1, 1)).now(x)", ("effect:clock", "effect:clock", 2, True)),
        (
            "from datetime import date\nclass D(date):\n    def f(self): return self.today()",
            ("effect:clock", "effect:clock", 3, True),
        ),
        (
            "from plugins.sdk import storage as s\ns.set(k, v)\ndef f():\n    from math import floor as s",
            ("storage", "storage", 2, True),
        ),
    ],
)
def test_each_use_is_found(source: str, expected: tuple[str, str, int, bool]) -> None:
    found = used(source)
    assert expected in found
    assert {item[:2] for item in found} == {expected[:2]}


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndatetime(2020, 1, 1)",
        "import random\nrandom.Random(7).choice(x)",
        "import random\ndef f(r: random.Random) -> random.Random: return r if isinstance(r, random.Random) else g(r)",
        "import random\nr = random.Random(3)\nr.seed(4)",
        "from datetime import date\nclass C:\n    def f(self): return self.today()",
        "from datetime import date\nx = date\ndate.fromisoformat(y)",
        "class C: pass\nC().now()",
        "import random\ndef f(r: random.Random) -> random.Random:\n  return r",
        "import time\ntime.strftime('%Y', t)",
        "import time\ntime.gmtime(0)",
        "import uuid\nuuid.uuid5(n, 'x')",
        "from plugins.sdk import log, progress\nlog.info('x')\nprogress.update(1)",
        "http = {}\nhttp.get('https://a.org/')",
    ],
)
def test_what_uses_nothing(source: str) -> None:
    assert used(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ndef f(now: float):\n    return time.gmtime(now), time.strftime('%Y', time.gmtime(now))",
        "import time\nx = time.gmtime(int('3')), time.asctime(time.gmtime(0))",
        "from datetime import datetime, UTC\nx = datetime.fromtimestamp(1, UTC).astimezone(UTC)",
        "from datetime import datetime\ndef f(day: datetime, zone: str):\n    return day.astimezone(ZoneInfo(zone))",
        "from statistics import NormalDist\nx = NormalDist().samples(3, seed=4)",
        "import random\ndef f(seed: int):\n    return random.Random(seed).random()",
    ],
)
def test_what_is_surely_given_needs_no_clock_and_no_chance(source: str) -> None:
    assert used(source) == []


def test_many_uses_hide_no_other() -> None:
    many = "from plugins.sdk import random\nimport time\n" + "x = random.random\n" * 2000 + "y = time.time()\n"
    assert used(many) == [
        ("effect:random", "effect:random", 3, True),
        ("effect:clock", "effect:clock", 2003, True),
    ]


def test_too_many_uses_are_not_judged_in_part() -> None:
    with pytest.raises(ValueError, match="more than 500"):
        used("from plugins.sdk import files\n" + "".join(f"files.read('~/{n}')\n" for n in range(501)))
