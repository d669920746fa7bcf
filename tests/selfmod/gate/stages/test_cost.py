"""Stage cost: calls that grow out of hand, patterns that explode, imports that work, against generous ceilings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.manifest import parse_manifest
from sandbox.outcome import Usage
from selfmod.candidate import Candidate
from selfmod.gate.harness.cost import import_steps
from selfmod.gate.stages.cost import Cost
from selfmod.gate.stages.tests import Tests
from selfmod.gate.thresholds import Thresholds
from selfmod.gate.timing import own_seconds
from tests.busy import busy_cores

QUICK = Thresholds(call_s=0.3)
EXPLODING = {
    "nested repeats": r"^(a+)+$",
    "overlapping words": r"^(\w+\s?)*$",
    "alternatives that overlap": r"^(?:x|x)*y$",
    "digits in groups": r"(\d+,?)+;",
}


@pytest.mark.parametrize("pattern", EXPLODING.values(), ids=EXPLODING)
def test_a_pattern_that_explodes_is_found(judged, pattern):
    module = f"import re\n\n_PATTERN = re.compile(r'{pattern}')\n\n\ndef check(text: str) -> bool:\n"
    module += "    return _PATTERN.search(text) is not None\n"
    tests = "from plugin import check\ndef test_a():\n    assert check('?') in (True, False)\n"
    found = judged(module, tests, Tests(), Cost(), thresholds=QUICK)
    assert "cost.pattern" in found.rules("cost")
    finding = found.stages["cost"].findings[0]
    assert (finding.line, finding.waivable) == (3, True)


@pytest.mark.parametrize(
    "pattern", [r"[a-z0-9]+", r"^\d{4}-\d{2}-\d{2}$", r"\s+", r"(\w+)@(\w+)\.com", r"^(?:[^,]*,)*[^,]*$", r"(a|b)*c"]
)
def test_ordinary_patterns_pass(judged, pattern):
    module = f"import re\n\n\ndef check(text: str) -> bool:\n    return re.search(r'{pattern}', text) is not None\n"
    tests = "from plugin import check\ndef test_a():\n    assert check('?') in (True, False)\n"
    assert judged(module, tests, Tests(), Cost()).stages["cost"].verdict == "pass"


GROWING = {
    "cubic": (
        """\
def triples(a: list[int]) -> int:
    return sum(1 for x in a for y in a for z in a if x + y == z)
""",
        "assert triples([1, 2, 3]) == 3",
    ),
    "exponential": (
        """\
def subsets(a: list[int]) -> int:
    if not a:
        return 1
    return subsets(a[1:]) + subsets(a[1:])
""",
        "assert subsets([1, 2]) == 4",
    ),
    "a text that is searched for every pair": (
        """\
def pairs(t: str) -> int:
    return sum(1 for i in range(len(t)) for j in range(len(t)) if t[i:j] in t[j:])
""",
        "assert pairs('abab') > 0",
    ),
}


WAYS = "def ways(t: str) -> int:\n    return 1 if len(t) < 2 else ways(t[1:]) + ways(t[2:])\n"
GROWING |= {
    "exponential, and called by name": (WAYS, "assert ways(t='abcd') == 5"),
    "exponential in a number": (
        "def steps(n: int) -> int:\n    return 1 if n < 2 else steps(n - 1) + steps(n - 2)\n",
        "assert steps(5) == 8",
    ),
    "all ways through a dict": (
        """\
def paths(graph: dict[str, list[str]], start: str) -> int:
    return sum(paths(graph, other) for other in graph.get(start, [])) or 1
""",
        "assert paths({'a': ['b', 'c'], 'b': ['d'], 'c': ['d']}, 'a') == 2",
    ),
    "all parts of a set": (
        """\
def parts(names: set[str]) -> int:
    first = min(names, default="")
    return parts(names - {first}) + parts(names - {first}) if first else 1
""",
        "assert parts({'a', 'b'}) == 4",
    ),
    "a pattern that is made at run time": (
        """\
import re

def only(t: str, sign: str) -> bool:
    return re.compile(f"({re.escape(sign)}+)+[.]").fullmatch(t) is not None
""",
        "assert only('aaa.', 'a') is True",
    ),
}


@pytest.mark.parametrize(("module", "check"), GROWING.values(), ids=GROWING)
def test_time_that_grows_out_of_hand_is_found(judged, module, check):
    name = check.removeprefix("assert ").split("(")[0]
    tests = f"from plugin import {name}\ndef test_a():\n    {check}\n"
    found = judged(module, tests, Tests(), Cost(), thresholds=QUICK)
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert found.rules("cost") == {"cost.growth"}
    assert found.stages["cost"].figures["growth"] > 1.8


LINEAR = {
    "words": (
        """\
def words(t: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for w in t.split():
        found[w] = found.get(w, 0) + 1
    return found
""",
        "assert words('a b a') == {'a': 2, 'b': 1}",
    ),
    "sorting": (
        """\
def ranked(a: list[int]) -> list[int]:
    return sorted(a, reverse=True)
""",
        "assert ranked([1, 3, 2]) == [3, 2, 1]",
    ),
    "pairs of a short list": (
        """\
def pairs(a: list[int]) -> int:
    return sum(1 for x in a for y in a if x < y)
""",
        "assert pairs([1, 2, 3]) == 3",
    ),
}


LINEAR |= {
    "a number, step by step": ("def total(n: int) -> int:\n    return sum(range(n))\n", "assert total(n=4) == 6"),
    "the cube of a number": (
        "def cells(n: int) -> int:\n    return sum(1 for x in range(n) for y in range(n) for z in range(n))\n",
        "assert cells(2) == 8",
    ),
    "a walk through a dict": (
        """\
def reached(graph: dict[str, list[str]], start: str) -> list[str]:
    seen, left = {start}, [start]
    while left:
        left += [name for name in graph.get(left.pop(), []) if name not in seen]
        seen.update(left)
    return sorted(seen)
""",
        "assert reached({'a': ['b'], 'b': ['a']}, 'a') == ['a', 'b']",
    ),
}


@pytest.mark.parametrize(("module", "check"), LINEAR.values(), ids=LINEAR)
def test_ordinary_growth_passes(judged, module, check):
    name = check.removeprefix("assert ").split("(")[0]
    tests = f"from plugin import {name}\ndef test_a():\n    {check}\n"
    stage = judged(module, tests, Tests(), Cost()).stages["cost"]
    assert stage.verdict == "pass", stage.findings
    assert stage.figures["call_s"] < 0.5


SUBSETS = """\
def subsets(a: list[str]) -> list[list[str]]:
    if not a:
        return [[]]
    rest = subsets(a[1:])
    return [*rest, *([a[0], *one] for one in rest)]
"""
NATURAL = {
    "all subsets": (SUBSETS, "assert subsets(['a']) == [[], ['a']]"),
    "all orders": (
        """\
from itertools import permutations

def orders(t: str) -> list[str]:
    return ["".join(one) for one in permutations(t)]
""",
        "assert orders('ab') == ['ab', 'ba']",
    ),
    "all moves": (
        """\
def moves(n: int, start: str, end: str, other: str) -> list[str]:
    if not n:
        return []
    return [*moves(n - 1, start, other, end), start + end, *moves(n - 1, other, end, start)]
""",
        "assert moves(2, 'a', 'b', 'c') == ['ac', 'ab', 'cb']",
    ),
    "a text that doubles": (
        """\
def woven(n: int) -> str:
    found = "a"
    for _ in range(n):
        found = "".join("ab" if sign == "a" else "ba" for sign in found)
    return found
""",
        "assert woven(2) == 'abba'",
    ),
}


@pytest.mark.parametrize(("module", "check"), NATURAL.values(), ids=NATURAL)
def test_work_that_grows_as_the_answer_does_is_told(judged, module, check):
    name = check.removeprefix("assert ").split("(")[0]
    tests = f"from plugin import {name}\ndef test_a():\n    {check}\n"
    stage = judged(module, tests, Tests(), Cost(), thresholds=QUICK).stages["cost"]
    assert stage.verdict == "pass", stage.findings
    assert stage.findings[0].rule == "cost.answer"
    assert stage.figures["growth"] == 0


UNNATURAL = {
    "an answer that grows less": (
        """\
def steps(n: int) -> list[int]:
    def one(k: int) -> int:
        return 1 if k < 2 else one(k - 1) + one(k - 2)
    return [one(k) for k in range(n)]
""",
        "assert steps(3) == [1, 1, 2]",
    ),
    "an answer padded to a square": (
        """\
def steps(n: int) -> tuple[int, str]:
    def one(k: int) -> int:
        return 1 if k < 2 else one(k - 1) + one(k - 2)
    return one(n), "x" * n * n
""",
        "assert steps(2) == (2, 'xxxx')",
    ),
    "three times through for a table": (
        """\
def table(a: list[int]) -> list[list[int]]:
    return [[sum(1 for z in a if z < x + y) for x in a] for y in a]
""",
        "assert table([1]) == [[1]]",
    ),
    "a text that has one foreign sign": (
        """\
def parts(t: str) -> list[str]:
    if t.endswith("\\0"):
        return [t for _ in range(2) if parts("a" * (len(t) - 2) + "\\0" if t[1:] else "")][:1]
    return [""] if not t else [*parts(t[1:]), *(t[0] + one for one in parts(t[1:]))]
""",
        "assert parts('ab') == ['', 'b', 'a', 'ab']",
    ),
    "one large answer whatever is asked": (
        """\
def ways(t: str) -> tuple[int, str]:
    def one(k: int) -> int:
        return 1 if k < 2 else one(k - 1) + one(k - 2)
    return one(len(t)), "x" * 100_000
""",
        "assert ways('ab') == (2, 'x' * 100_000)",
    ),
}


@pytest.mark.parametrize(("module", "check"), UNNATURAL.values(), ids=UNNATURAL)
def test_an_answer_that_grows_less_than_the_work_explains_nothing(judged, module, check):
    name = check.removeprefix("assert ").split("(")[0]
    tests = f"from plugin import {name}\ndef test_a():\n    {check}\n"
    assert judged(module, tests, Tests(), Cost(), thresholds=QUICK).rules("cost") == {"cost.growth"}


def test_who_refuses_large_sizes_is_judged_by_the_others(judged):
    module = "def steps(n: int) -> int:\n    if n > 20:\n        raise ValueError('at most 20')\n"
    module += "    return 1 if n < 2 else steps(n - 1) + steps(n - 2)\n"
    tests = "from plugin import steps\ndef test_a():\n    assert steps(5) == 8\n"
    assert not judged(module, tests, Tests(), Cost(), thresholds=QUICK).stages["cost"].findings


def test_the_memory_of_large_answers_hides_no_other(judged):
    hog = "\n\ndef width(t: str) -> int:\n    return len(b'x' * (30_000 * len(t)))\n"
    tests = "from plugin import subsets, width\ndef test_a():\n    assert subsets(['a']) == [[], ['a']]\n"
    tests += "    assert width('ab') == 60_000\n"
    small = replace(QUICK, memory_mb=60)
    harmless = judged(
        SUBSETS + hog.replace("30_000", "1"), tests.replace("60_000", "2"), Tests(), Cost(), thresholds=small
    )
    assert harmless.stages["cost"].verdict == "pass", harmless.stages["cost"].findings
    assert judged(SUBSETS + hog, tests, Tests(), Cost(), thresholds=small).rules("cost") == {"cost.memory"}


def test_work_at_import_is_found(judged):
    module = "TABLE = [n for n in range(8_000_000)][-1]\n\n\ndef last() -> int:\n    return TABLE\n"
    tests = "from plugin import last\ndef test_a():\n    assert last() == 7_999_999\n"
    found = judged(module, tests, Tests(), Cost(), thresholds=Thresholds(import_s=0.05, memory_mb=1000))
    assert "cost.import" in found.rules("cost")


IMPORTING = """\
def _sums() -> int:
    total = 0
    for number in range({count}):
        total += number
    return total


_TOTAL = _sums()


def last() -> int:
    return _TOTAL
"""


def test_the_work_of_an_import_is_counted_and_not_only_timed(judged):
    tests = "from plugin import last\ndef test_a():\n    assert last() > 0\n"
    patient = Thresholds(import_s=60.0)  # as a machine would be to which this is nothing
    many = judged(IMPORTING.format(count=3_000_000), tests, Tests(), Cost(), thresholds=patient)
    assert [item.message for item in many.stages["cost"].findings] == ["importing it runs 5,000,000 lines or more"]
    few = judged(IMPORTING.format(count=1_000_000), tests, Tests(), Cost(), thresholds=patient)
    assert not few.stages["cost"].findings


@pytest.mark.parametrize(
    ("module", "least"),
    [
        ("TABLE = [n for n in range(1000)]\n", 1000),
        ("TABLE = sum(n for n in range(1000))\n", 1000),
        (
            "def walk(n: int) -> int:\n    return walk(n - 1) if n else 0\n\n\nTABLE = [walk(9) for _ in range(99)]\n",
            990,
        ),
        ("TABLE = list(map(lambda n: n + 1, range(1000)))\n", 1000),
    ],
    ids=["a list", "a generator", "recursion", "a lambda"],
)
def test_each_turn_and_call_of_an_import_is_a_step(tmp_path, monkeypatch, module, least):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugin.py").write_text(module, "utf-8")
    assert least <= import_steps({"entry": "plugin.py", "most": 10_000}) < least + 1500
    assert import_steps({"entry": "plugin.py", "most": 500}) == 500


def test_a_slow_call_of_the_tests_is_found(judged):
    module = (
        "def count(n: int) -> int:\n    total = 0\n    for i in range(n):\n        total += i % 3\n    return total\n"
    )
    tests = "from plugin import count\ndef test_a():\n    assert count(3_000_000) == 3_000_000\n"
    found = judged(module, tests, Tests(), Cost(), thresholds=Thresholds(call_s=0.02))
    assert found.rules("cost") == {"cost.call"}


def test_memory_is_found(judged):
    module = "def big(n: int) -> int:\n    return len(b'x' * (n * 1024 * 1024))\n"
    tests = "from plugin import big\ndef test_a():\n    assert big(60) == 60 * 1024 * 1024\n"
    found = judged(module, tests, Tests(), Cost(), thresholds=Thresholds(memory_mb=50))
    assert found.rules("cost") & {"cost.memory"}


def test_what_became_slower_than_the_approved_version_is_found(judged):
    quick = "def double(n: int) -> int:\n    return n + n\n"
    slow = "def double(n: int) -> int:\n    for _ in range(8_000_000):\n        pass\n    return n + n\n"
    tests = "from plugin import double\ndef test_a():\n    assert [double(n) for n in range(3)] == [0, 2, 4]\n"
    previous = Candidate(files={"plugin.py": quick.encode(), "tests/test_plugin.py": tests.encode()})
    found = judged(slow, tests, Tests(), Cost(), previous=previous)
    assert "cost.slower" in found.rules("cost")
    same = judged(quick, tests, Tests(), Cost(), previous=previous)
    assert same.stages["cost"].verdict == "pass"


def test_a_plugin_that_never_loads_costs_no_second_wait(judged):
    found = judged(
        "while True:\n    pass\n\n\ndef f() -> int:\n    return 1\n",
        "from plugin import f\ndef test_a():\n    assert f() == 1\n",
        *(Tests(), Cost()),
        thresholds=Thresholds(stage_s=1.0),
    )
    assert (found.stages["tests"].verdict, found.stages["cost"].verdict) == ("refuse", "not-run")


WORKING = "def count(n: int) -> int:\n    return sum(1 for i in range(n) if i % 3)\n"
TESTED = "from plugin import count\ndef test_a():\n    assert count(3_000_000) == 2_000_000\n"


def test_a_busy_machine_does_not_change_the_verdict(judged):
    quiet = judged(WORKING, TESTED, Tests(), Cost(), thresholds=Thresholds(call_s=5.0))
    assert quiet.stages["cost"].verdict == "pass", quiet.stages["cost"].findings
    call_s = quiet.stages["cost"].figures["call_s"]
    with busy_cores(each=4, bound_s=20):  # so that it takes about five times as long
        enough = Cost().run(replace(quiet.subject, thresholds=Thresholds(call_s=2 * call_s)))
        scarce = Cost().run(replace(quiet.subject, thresholds=Thresholds(call_s=call_s / 2)))
    assert not enough.findings
    assert [item.rule for item in scarce.findings] == ["cost.call"]


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        (Usage(wall_s=4.0, cpu_s=0.6, queued_s=3.39), 0.6),
        (Usage(wall_s=3.0, cpu_s=0.0, queued_s=0.0), 3.0),
        (Usage(wall_s=3.0, cpu_s=0.5, queued_s=1.0), 2.0),
        (Usage(wall_s=1.0, cpu_s=1.8, queued_s=0.9), 1.8),
        (Usage(wall_s=0.004), 0.004),
    ],
    ids=["others had the cores", "it slept", "it worked and slept", "its threads worked side by side", "a short one"],
)
def test_what_a_call_takes_is_its_work_and_its_waiting(usage: Usage, seconds: float):
    assert own_seconds(usage) == pytest.approx(seconds)


def test_a_call_that_waits_is_slow_however_little_it_works(judged):
    module = "import time\n\n\ndef rest() -> int:\n    time.sleep(0.5)\n    return 1\n"
    tests = "from plugin import rest\ndef test_a():\n    assert rest() == 1\n"
    assert judged(module, tests, Tests(), Cost(), thresholds=QUICK).rules("cost") == {"cost.call"}


def test_slow_calls_do_not_hide_what_comes_after_them(judged):
    found = judged(WORKING, TESTED + "    assert count(3_000_001) + count(3_000_002) == 4_000_001\n", Tests(), Cost())
    assert found.stages["cost"].verdict == "pass"
    short = Thresholds(stage_s=4 * found.stages["cost"].figures["call_s"])
    # On a busy machine the calls may come out slower than the first time, which is found as well.
    assert "cost.unmeasured" in [item.rule for item in Cost().run(replace(found.subject, thresholds=short)).findings]


STORING = parse_manifest(b"""\
schema: 1
id: ways
name: Ways
version: 0.1.0
description: Counts ways.
license: MIT
entry: plugin.py
tools: [{name: ways, handler: ways}]
capabilities: {storage: true}
""")


def test_calls_that_ask_the_outside_are_timed_like_others(judged):
    module = WAYS + "\n\ndef kept(t: str) -> int:\n    return ways(storage.get('text', '') + t)\n"
    tests = "from plugin import kept\nfrom plugins.sdk import testing\ndef test_a():\n"
    tests += "    with testing.outside(storage={'text': 'ab'}):\n        assert kept('cd') == 5\n"
    module = "from plugins.sdk import storage\n\n\n" + module
    found = judged(module, tests, Tests(), Cost(), thresholds=QUICK, manifest=STORING)
    assert [item.id for item in found.stages["cost"].findings] == ["cost.growth:kept:0"]


def test_waiting_that_begins_at_a_length_is_found(judged):
    module = "import time\n\n\ndef pad(t: str) -> str:\n    time.sleep(len(t) // 3000 * 3600)\n    return t\n"
    tests = "from plugin import pad\ndef test_a():\n    assert pad('ab') == 'ab'\n"
    assert judged(module, tests, Tests(), Cost()).rules("cost") == {"cost.wait"}


KEEPING = "KEPT: list[str] = []\n\n\ndef upper(t: str) -> str:\n    KEPT.append(t * 100)\n    return t.upper()\n"
CACHING = """\
KEPT: dict[str, str] = {}

def upper(t: str) -> str:
    KEPT[t] = t * 1000
    return t.upper()
"""


def test_memory_that_stays_after_each_call_is_found(judged):
    tests = "from plugin import upper\ndef test_a():\n    assert upper('ab') == 'AB'\n"
    assert judged(KEEPING, tests, Tests(), Cost()).rules("cost") == {"cost.kept"}
    cached = judged(CACHING, tests, Tests(), Cost()).stages["cost"]
    assert cached.verdict == "pass", cached.findings


def test_memory_by_a_number_is_advice(judged):
    module = "def cell(value: int, width: int) -> str:\n    return f'{value:>{width}}'\n"
    tests = "from plugin import cell\ndef test_a():\n    assert cell(1, 3) == '  1'\n"
    stage = judged(module, tests, Tests(), Cost()).stages["cost"]
    assert stage.verdict == "pass"
    assert [item.id for item in stage.findings] == ["cost.number:cell:1"]
