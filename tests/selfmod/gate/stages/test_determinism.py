"""Stage determinism: the same tests and results in another order, each alone, at another time, in another place."""

from __future__ import annotations

import pytest

from plugins.manifest import parse_manifest
from selfmod.gate.stages.determinism import Determinism
from selfmod.gate.stages.tests import Tests

FLAKY = {
    "the clock": (
        "import time\n\n\ndef stamp() -> int:\n    return int(time.time())\n",
        "from plugin import stamp\ndef test_a():\n    assert stamp() > 0\n",
        "the clock",
    ),
    "today": (
        "import datetime\n\n\ndef today() -> str:\n    return datetime.date.today().isoformat()\n",
        "from plugin import today\ndef test_a():\n    assert len(today()) == 10\n",
        "the clock",
    ),
    "a date that will pass": (
        "from datetime import datetime\n\n\ndef valid(year: int) -> bool:\n    return datetime.now().year <= year\n",
        "from datetime import datetime\nfrom plugin import valid\ndef test_a():\n    assert valid(YEAR) is True\n",
        "the clock",
    ),
    "the zone": (
        "from datetime import datetime\n\n\ndef hour(s: int) -> int:\n    return datetime.fromtimestamp(s).hour\n",
        "from plugin import hour\ndef test_a():\n    assert hour(0) == 0\n",
        "the time zone",
    ),
    "the zone, seen at noon": (
        "from datetime import datetime\n\n\ndef day(s: int) -> str:\n    return f'{datetime.fromtimestamp(s):%F}'\n",
        "from plugin import day\ndef test_a():\n    assert day(43_200) == '1970-01-01'\n",
        "the time zone",
    ),
    "random numbers": (
        "import random\n\n\ndef roll() -> int:\n    return random.randint(1, 10 ** 9)\n",
        "from plugin import roll\ndef test_a():\n    assert roll() >= 1\n",
        "the shared random numbers",
    ),
    "a random choice that is seldom another": (
        "import random\n\n\ndef pick(a: list[int]) -> int:\n    return random.choice(a)\n",
        "from plugin import pick\ndef test_a():\n    assert pick(list(range(1000))) < 1000\n",
        "the shared random numbers",
    ),
    "unique ids": (
        "import uuid\n\n\ndef name() -> str:\n    return str(uuid.uuid4())\n",
        "from plugin import name\ndef test_a():\n    assert len(name()) == 36\n",
        "",
    ),
    "the order of a set": (
        "def names(text: str) -> list[str]:\n    return list(set(text.split()))\n",
        "from plugin import names\ndef test_a():\n    assert len(names('one two three four five six')) == 6\n",
        "the hash seed",
    ),
    "a hash": (
        "def bucket(text: str) -> int:\n    return hash(text)\n",
        "from plugin import bucket\ndef test_a():\n    assert isinstance(bucket('abc'), int)\n",
        "the hash seed",
    ),
    "the order of the tests": (
        "SEEN: list[int] = []\n\n\ndef add(n: int) -> int:\n    SEEN.append(n)\n    return len(SEEN)\n",
        "from plugin import add\ndef test_a():\n    assert add(1) == 1\ndef test_b():\n    assert add(1) == 2\n",
        "the order of the tests",
    ),
}


@pytest.mark.parametrize(("module", "tests", "cause"), FLAKY.values(), ids=FLAKY)
def test_what_changes_is_refused_with_its_cause(judged, module, tests, cause):
    found = judged(module, tests.replace("YEAR", "datetime.now().year"), Tests(), Determinism())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    stage = found.stages["determinism"]
    assert stage.verdict == "refuse"
    assert cause in stage.findings[0].message
    assert all(finding.waivable for finding in stage.findings)


def test_tests_that_need_each_other_are_refused(judged):
    tests = """\
from plugin import same
KEPT = []
def test_a():
    KEPT.append(same(1))
    assert KEPT == [1]
def test_b():
    assert KEPT == [1]
"""
    found = judged("def same(n: int) -> int:\n    return n\n", tests, Tests(), Determinism())
    assert "determinism.verdict" in found.rules("determinism")
    assert "test_b" in found.stages["determinism"].findings[0].message


STEADY = '''\
import datetime
import random
import time


def week(day: str) -> int:
    """Which week a day is in."""
    return datetime.date.fromisoformat(day).isocalendar().week


def deal(seed: int) -> list[int]:
    """Cards of a seed."""
    cards = list(range(5))
    random.Random(seed).shuffle(cards)
    return cards


def words(text: str) -> list[str]:
    """Different words."""
    return sorted(set(text.split()))


def utc(seconds: int) -> str:
    """A moment in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
'''
STEADY_TESTS = """\
from plugin import deal, utc, week, words
def test_week():
    assert week("2024-01-08") == 2
def test_deal():
    assert sorted(deal(3)) == [0, 1, 2, 3, 4]
    assert deal(3) == deal(3)
def test_words():
    assert words("b a b") == ["a", "b"]
def test_utc():
    assert utc(0) == "1970-01-01"
"""


def test_a_steady_plugin_passes(judged):
    found = judged(STEADY, STEADY_TESTS, Tests(), Determinism())
    assert found.stages["determinism"].verdict == "pass", found.stages["determinism"].findings
    assert found.stages["determinism"].figures == {"runs": 4}


MANIFEST = b"""\
schema: 1
id: dice
name: Dice
version: 0.1.0
description: Rolls dice.
license: MIT
entry: plugin.py
effects: [%s]
tools: [{name: roll, handler: roll}]
"""


@pytest.mark.parametrize("effect", ["clock", "random"])
def test_declared_effects_are_judged_under_fixed_values(judged, effect):
    case = {"clock": "the clock", "random": "random numbers"}[effect]
    module, tests, _ = FLAKY[case]
    found = judged(module, tests, manifest=parse_manifest(MANIFEST % effect.encode()))
    assert Tests().run(found.subject).verdict == "pass"
    assert Determinism().run(found.subject).verdict == "pass"
    other = judged(module, tests, manifest=parse_manifest(MANIFEST % {"clock": b"random", "random": b"clock"}[effect]))
    assert Tests().run(other.subject).verdict == "pass"
    assert Determinism().run(other.subject).verdict == "refuse"


LATER = """\
from plugins.sdk import clock


def late(by: float) -> bool:
    now = clock.now()
    return by < now and now < 1_710_000_000
"""
DRAWN = """\
from plugins.sdk import random


def draw(names: list[str]) -> str:
    return names[int(random.random() * len(names))]
"""
SERVED = """\
from plugins.sdk import http


def rate(name: str) -> float:
    reply = http.get(f"https://api.example.org/{name}")
    return reply.json()["rate"] * (2 if "date" in reply.headers else 1)
"""
RATE = "'https://api.example.org/EUR': testing.reply(json={'rate': 1.5}"
UNSAID = {
    "the moment": (LATER, "with testing.outside():\n        assert plugin.late(5.0) is True"),
    "the draw": (DRAWN, "with testing.outside():\n        assert plugin.draw(list('abcdefghij')) == 'b'"),
    "headers": (SERVED, f"with testing.outside(http={{{RATE})}}):\n        assert plugin.rate('EUR') == 1.5"),
}
SAID = {
    "the moment": (LATER, "with testing.outside(now=9.0):\n        assert plugin.late(5.0) is True"),
    "the draw": (DRAWN, "with testing.outside(seed=1):\n        assert plugin.draw(list('abcdefghij')) == 'b'"),
    "what may differ": (
        DRAWN,
        "with testing.outside():\n        assert plugin.draw(list('abcdefghij')) in 'abcdefghij'",
    ),
    "headers": (
        SERVED,
        f"with testing.outside(http={{{RATE}, headers={{'Date': ''}})}}):\n        assert plugin.rate('EUR') == 3.0",
    ),
}
BOTH = MANIFEST.replace(b"%s", b"clock, random") + b'capabilities: {network: ["api.example.org:443"]}\n'


def _with_doubles(body: str) -> str:
    return f"import plugin\nfrom plugins.sdk import testing\ndef test_a():\n    {body}\n"


@pytest.mark.parametrize(("module", "body"), UNSAID.values(), ids=UNSAID)
def test_what_a_test_does_not_say_is_varied_in_its_doubles(judged, module, body):
    found = judged(module, _with_doubles(body), Tests(), Determinism(), manifest=parse_manifest(BOTH))
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert found.rules("determinism") == {"determinism.verdict"}
    assert "what doubles of the outside answer" in found.stages["determinism"].findings[0].message


@pytest.mark.parametrize(("module", "body"), SAID.values(), ids=SAID)
def test_what_a_test_says_to_its_doubles_stays(judged, module, body):
    found = judged(module, _with_doubles(body), Tests(), Determinism(), manifest=parse_manifest(BOTH))
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert found.stages["determinism"].verdict == "pass", found.stages["determinism"].findings


def test_the_two_clocks_of_a_plugin_agree_under_doubles(judged):
    module = "import time\nfrom plugins.sdk import clock\n\n\ndef apart() -> float:\n"
    module += "    return abs(time.time() - clock.now())\n"
    body = "with testing.outside(now=1000.0):\n        assert plugin.apart() == 0\n    assert plugin.apart() == 0"
    found = judged(module, _with_doubles(body), Tests(), Determinism(), manifest=parse_manifest(BOTH))
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert found.stages["determinism"].verdict == "pass", found.stages["determinism"].findings


LEFT = """\
import math
from plugins.sdk import clock


def left(until: float):
    now = clock.now()
    return {}
"""
WRONG_BETWEEN = {
    "a number": ("int(until - now) // 60 + 60 * math.ceil(now % 1)", "5"),
    "a text": ("f'{int(until - now) // 60 + 60 * math.ceil(now % 1)} minutes left'", "'5 minutes left'"),
    "a number that goes with the seconds": ("until - now + 3600 * math.ceil(now % 1)", "300.0"),
    "a text that counts": ("f'{until - now + 3600 * math.ceil(now % 1):.0f} s'", "'300 s'"),
    "other words": ("'soon' + ' not' * math.ceil(now % 1)", "'soon'"),
    "within": ("[{'left': [1, 9 * math.ceil(now % 1)]}]", "[{'left': [1, 0]}]"),
    "a truth": ("math.ceil(now % 1) == 0", "True"),
}
RIGHT_BETWEEN = {
    "minutes": ("int(until - now) // 60", "5"),
    "seconds": ("until - now", "300.0"),
    "rounded": ("round(until - now)", "300"),
    "milliseconds": ("int((until - now) * 1000)", "300_000"),
    "parts of a second": ("[int(until - now), int(now % 1 * 1000)]", "[300, 0]"),
    "a text with a fraction": ("f'{until - now:.3f} s'", "'300.000 s'"),
    "whether it is over": ("now > until - 0.5", "False"),
}


def _left(judged, answer: str, expected: str):
    body = f"with testing.outside(now=1000):\n        assert plugin.left(1300.0) == {expected}"
    module = LEFT.replace("{}", answer)
    found = judged(module, _with_doubles(body), Tests(), Determinism(), manifest=parse_manifest(BOTH))
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    return found.rules("determinism")


@pytest.mark.parametrize("name", WRONG_BETWEEN)
def test_what_is_off_between_whole_seconds_is_refused(judged, name):
    assert _left(judged, *WRONG_BETWEEN[name]) == {"determinism.fraction"}


@pytest.mark.parametrize("name", RIGHT_BETWEEN)
def test_what_goes_with_the_seconds_is_not(judged, name):
    assert _left(judged, *RIGHT_BETWEEN[name]) == set()
