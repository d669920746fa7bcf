"""What a plugin keeps between calls, found by calling it: forms that no rule about the source knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.manifest import parse_manifest
from selfmod.gate.stages.oracle import Oracle
from selfmod.gate.stages.tests import Tests
from selfmod.gate.subject import RecordedCall
from selfmod.gate.thresholds import Thresholds

# Each changes an object that a library keeps for the module, by a way of its own.
SEEN = {
    "a handler of the library": """\
from html.parser import HTMLParser
SEEN = HTMLParser()
def remember(word: str) -> str:
    came = word in SEEN.rawdata
    SEEN.feed("<" + word)
    return word + " again" if came else word
""",
    "a default of an encoder": """\
from fractions import Fraction
class Table(dict):
    def __missing__(self, key: str) -> str:
        self[key] = key + " again"
        return key
SEEN = Table()
def remember(word: str) -> str:
    return SEEN[word]
""",
}
AGAIN = """\
from plugin import remember
def test_a():
    assert remember("tea") == "tea"
    assert remember("tea") == "tea again"
"""
# No test makes a call twice, and none comes before another one that it would change.
ONCE = """\
from plugin import remember
def test_a():
    assert remember("tea") == "tea"
    assert remember("cup") == "cup"
"""
COUNT = """\
from html.parser import HTMLParser
SEEN = HTMLParser()
def turn(step: int) -> int:
    SEEN.feed("<" + "x" * step)
    return len(SEEN.rawdata.replace("<", ""))
"""
MODE = """\
from html.parser import HTMLParser
SEEN = HTMLParser()
def choose(mode: str) -> None:
    SEEN.reset()
    SEEN.feed("<" + mode)
def run(text: str) -> str:
    return text.upper() if "loud" in SEEN.rawdata else text
"""


def found(judged, module, tests, **more):
    stage = judged(module, tests, Tests(), Oracle(), **more).stages["oracle"]
    return [(item.rule, item.message) for item in stage.findings]


@pytest.mark.parametrize("module", SEEN.values(), ids=SEEN)
def test_two_equal_calls_of_the_tests_that_end_otherwise_are_refused(judged, module):
    ((rule, message),) = found(judged, module, AGAIN)
    assert rule == "oracle.memory" and "returned 'tea' and then returned 'tea again'" in message


@pytest.mark.parametrize("module", SEEN.values(), ids=SEEN)
def test_a_call_that_ends_otherwise_when_it_is_made_once_more_is_refused(judged, module):
    ((rule, message),) = found(judged, module, ONCE)
    assert rule == "oracle.memory" and "gives 'cup again' when it is made once more" in message


def test_a_count_that_goes_on_is_refused(judged):
    tests = "from plugin import turn\ndef test_a():\n    first = turn(2)\n    assert turn(3) - first == 3\n"
    assert [rule for rule, _ in found(judged, COUNT, tests)] == ["oracle.memory"]


def test_a_call_that_needs_another_one_before_it_is_refused(judged):
    tests = "from plugin import choose, run\ndef test_a():\n    choose('loud')\n    assert run('tea') == 'TEA'\n"
    tests += "    choose('as loud')\n"  # so that the call gives the same after what comes later, too
    ((rule, message),) = found(judged, MODE, tests)
    assert rule == "oracle.memory" and "gives 'tea' where no other call came before" in message


HIDDEN = """\
from html.parser import HTMLParser
SEEN = HTMLParser()
def remember(word: str) -> str:
    came = word in SEEN.rawdata
    SEEN.feed("<" + word)
    return word + " again" if came else word
def total(n: int) -> int:
    return sum(range(n))
def work(what: str, n: int) -> str:
    return remember("tea") if what == "tea" else str(n)
"""


@pytest.mark.parametrize(
    "crowd",
    [
        "@pytest.mark.parametrize('n', range(1, 150))\ndef test_a(n):\n    assert total(n) == n * (n - 1) // 2\n",
        "def test_a():\n    for n in range(1, 2000):\n        assert total(n) == n * (n - 1) // 2\n",
        "def test_a():\n    for n in range(1, 2000):\n        assert work('cup', n) == str(n)\n",
    ],
)
@pytest.mark.parametrize("call", ["remember('tea')", "work('tea', 0)"])
def test_a_crowd_of_other_calls_hides_none(judged, crowd, call):
    tests = (
        f"import pytest\nfrom plugin import remember, total, work\n{crowd}def test_z():\n    assert {call} == 'tea'\n"
    )
    ((rule, message),) = found(judged, HIDDEN, tests)
    assert rule == "oracle.memory" and "gives 'tea again' when it is made once more" in message


def test_what_there_is_no_time_to_look_at_is_refused(judged):
    slow = "def total(n: int) -> int:\n    return sum(one * one % 97 for one in range(1_000_000)) * 0 + n\n"
    lines = "".join(f"    assert total({n}) == {n}\n" for n in range(12))
    subject = judged(slow, f"from plugin import total\ndef test_a():\n{lines}", Tests()).subject
    late = Oracle().run(replace(subject, thresholds=Thresholds(stage_s=2.0)))
    assert [item.rule for item in late.findings] == ["oracle.memory-unseen"]


HONEST = {
    "a cache": "import functools\n@functools.cache\ndef square(n: int) -> int:\n    return n * n\n",
    "a table": "TABLE = {3: 9, 4: 16}\ndef square(n: int) -> int:\n    return TABLE.get(n, n * n)\n",
    "an error": "def square(n: int) -> int:\n    if n < 0:\n        raise ValueError('no')\n    return n * n\n",
}


@pytest.mark.parametrize("module", HONEST.values(), ids=HONEST)
def test_what_gives_the_same_each_time_is_fine(judged, module):
    tests = (
        "from plugin import square\ndef test_a():\n    assert square(3) == square(3) == 9\n    assert square(4) == 16\n"
    )
    assert found(judged, module, tests) == []


MANIFEST = b"""\
schema: 1
id: tax
name: Tax
version: 0.1.0
description: Taxes.
license: MIT
entry: plugin.py
tools: [{name: vat, handler: vat}]
effects: [clock]
capabilities: {storage: true}
"""
ASKING = """\
from plugins.sdk import clock, storage
def vat(cents: int) -> int:
    paid = storage.get("paid", 0) + cents
    storage.set("paid", paid)
    return paid + int(clock.now())
"""
ASKED = """\
from plugin import vat
from plugins.sdk import testing
def test_a():
    with testing.outside(now=[1.0, 2.0]):
        assert vat(5) == 6
        assert vat(5) == 12
"""


def test_what_the_storage_and_the_clock_say_is_no_memory(judged):
    assert found(judged, ASKING, ASKED, manifest=parse_manifest(MANIFEST)) == []


def test_time_that_no_double_can_say_again_is_no_memory(judged):
    module = "import time\ndef vat(cents: int) -> float:\n    return cents + time.time()\n"
    tests = "from plugin import vat\ndef test_a():\n    assert vat(1) <= vat(1)\n"
    judgement = judged(module, tests, Tests(), manifest=parse_manifest(MANIFEST))
    same = RecordedCall(test="t", function="vat", args=[1], kwargs={}, outcome="returned", value=2.0)
    calls = (same, replace(same, value=3.0))
    judgement.subject.run = replace(judgement.subject.run, calls=calls)
    assert "oracle.memory" not in {item.rule for item in Oracle().run(judgement.subject).findings}
