"""Stage 4: what the code uses is what is declared, no more than allowed; and what could flow where."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from selfmod.gate.reading.parse import Material
from selfmod.gate.reading.uses import uses
from selfmod.gate.stages.capabilities import Capabilities, covers, flows, observed_names
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.subject import ObservedAsk, Subject
from selfmod.spec import Spec

Make = Callable[..., Subject]


def used(source: str) -> list[tuple[str, str, int, bool]]:
    ast.parse(source)
    material = Material(files={"plugin.py": source.encode()}, previous={}, entry="plugin.py", tests=())
    return [(item["kind"], item["name"], item["line"], item["literal"]) for item in uses(material)]


CLOCK, RANDOM = ("effect:clock", "effect:clock", 3, True), ("effect:random", "effect:random", 3, True)
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
        (HTTP + "http.get(f'https://{x}/')", ("network", "network", 2, False)),
        (HTTP + "http.get(f'https://a.org{x}')", ("network", "network", 2, False)),
        (HTTP + "http.get('https://a.org' + x)", ("network", "network", 2, False)),
        (HTTP + "http.get(x)", ("network", "network", 2, False)),
        (HTTP + "http.get(*x)", ("network", "network", 2, False)),
        (HTTP + "g = http.get", ("network", "network", 2, False)),
        (HTTP + "g(http)", ("network", "network", 2, False)),
        (HTTP + "U = 'https://a.org/'\nU = x\nhttp.get(U)", ("network", "network", 4, False)),
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


USING = '''\
"""Sends notes."""

from plugins.sdk import environment, files, http


def run(name: str) -> str:
    """Send a note and return the answer."""
    http.get("https://api.example.org/x")
    files.read("~/notes/a.txt")
    files.read(name)
    return environment.get("TOKEN")
'''
DECLARED = """\
capabilities: {network: ["api.example.org:443"], filesystem: {read: ["~/notes"]}, environment: [TOKEN]}
"""


def judged(subject: Subject) -> list[tuple[str, str]]:
    ManifestStage().run(subject)
    return [(item.rule, item.id.rpartition(":")[2]) for item in Capabilities().run(subject).findings]


def plugin(good: dict[str, str], source: str, declared: str) -> dict[str, str]:
    return good | {"plugin.py": source, "plugin.yaml": good["plugin.yaml"] + declared}


def test_what_is_declared_and_used_passes(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject(plugin(good, USING, DECLARED))
    assert judged(subject) == []
    assert subject.reach is not None
    assert subject.reach.inferred == ("network:api.example.org:443", "read:~/notes/a.txt", "environment:TOKEN")
    assert subject.reach.enforced == ("read",)
    assert subject.reach.new == subject.reach.declared
    assert "can send ~/notes to api.example.org" in subject.reach.flows
    assert subject.uses is not None
    assert [use.line for use in subject.uses] == [8, 9, 10, 11]


@pytest.mark.parametrize(
    ("source", "declared", "rule"),
    [
        (USING, "", "capabilities.undeclared"),
        (USING, DECLARED.replace("api.example.org", "b.org"), "capabilities.uncovered"),
        (USING, DECLARED.replace("~/notes", "~/other"), "capabilities.uncovered"),
        (USING, DECLARED.replace("TOKEN", "OTHER"), "capabilities.uncovered"),
        (USING, DECLARED.replace(":443", ':443", "c.org:443'), "capabilities.unused"),
        (
            USING,
            DECLARED.replace("}}", "}, storage: true}").replace("]}\n", "], storage: true}\n"),
            "capabilities.unused",
        ),
        (USING, DECLARED + "effects: [clock]\n", "capabilities.unused"),
        (USING.replace("files.read(name)", "print(files)"), DECLARED, "capabilities.indirect"),
        (USING.replace("environment, files, http", "*"), DECLARED, "capabilities.indirect"),
        ("import time\n\n\ndef run(a: str) -> float:\n    return time.time()\n", "", "capabilities.undeclared"),
    ],
)
def test_each_difference_refuses(
    make_subject: Make, good: dict[str, str], source: str, declared: str, rule: str
) -> None:
    assert rule in {found for found, _ in judged(make_subject(plugin(good, source, declared)))}


def test_the_spec_is_the_ceiling(make_subject: Make, good: dict[str, str]) -> None:
    files = plugin(good, USING, DECLARED)
    allowed = ("network:api.example.org:443", "read:~", "environment:TOKEN")
    missing = make_subject(files, spec=Spec(text="x", allow=("network:api.example.org:443", "read:~/notes")))
    assert judged(missing) == [("capabilities.beyond-spec", "TOKEN")]
    assert judged(make_subject(files, spec=Spec(text="x", allow=(*allowed[:1], "read:~/notes", allowed[2])))) == []
    assert len(judged(make_subject(files, spec=Spec(text="x")))) == 3


def test_what_was_approved_before_stays_allowed_and_is_not_new(make_subject: Make, good: dict[str, str]) -> None:
    files = plugin(good, USING, DECLARED)
    subject = make_subject(files, previous=files, spec=Spec(text="x", change=True))
    assert judged(subject) == []
    assert subject.reach is not None
    assert subject.reach.new == ()


@pytest.mark.parametrize(
    ("declared", "name", "covered"),
    [
        ("read:~/notes", "read:~/notes", True),
        ("read:~/notes", "read:~/notes/a/b", True),
        ("read:~/notes", "read:~/notes2", False),
        ("read:~/notes", "read:~/notes/../x", False),
        ("read:~/notes", "write:~/notes/a", False),
        ("network:a.org:443", "network:a.org:443", True),
        ("network:a.org:443", "network:a.org:443/x", False),
        ("environment:A", "environment:A/B", False),
    ],
)
def test_covering(declared: str, name: str, covered: bool) -> None:
    assert covers(declared, name) is covered


def test_flows_say_what_could_go_where() -> None:
    assert flows(["network:a.org:443", "read:~/n", "environment:T", "write:~/o"]) == (
        "can write what a.org answers to ~/o",
        "can send ~/n to a.org",
        "can copy ~/n to ~/o",
        "can send the variable T to a.org",
        "can copy the variable T to ~/o",
    )


def test_what_the_tests_asked_for_has_the_same_names() -> None:
    asks = [
        ObservedAsk(op="http.request", argument={"url": "https://a.org/x"}),
        ObservedAsk(op="files.read", argument={"path": "~/n"}),
        ObservedAsk(op="files.write", argument={"path": "~/o"}),
        ObservedAsk(op="environment.get", argument={"name": "T"}),
        ObservedAsk(op="storage.set", argument={"key": "k"}),
        ObservedAsk(op="clock.now", argument=None),
        ObservedAsk(op="tcp.open", argument={"host": "b.org", "port": 43, "timeout_s": 3.0}),
        ObservedAsk(op="tcp.send", argument={"handle": 1, "data": b"x"}),
        ObservedAsk(op="tcp.receive", argument={"handle": 1, "size": 9}),
        ObservedAsk(op="http.read", argument={"handle": 2, "size": 9}),
        ObservedAsk(op="log", argument={}),
        ObservedAsk(op="http.request", argument={"url": "https://[bad"}),
    ]
    assert observed_names(asks) == (
        *("network:a.org:443", "read:~/n", "write:~/o", "environment:T", "storage", "effect:clock"),
        *("network:b.org:43", "network"),
    )


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
