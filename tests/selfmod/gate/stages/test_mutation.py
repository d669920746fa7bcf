"""Stage mutation: a suite that does not notice a broken plugin is refused, however much it covers."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from selfmod.gate.mutants.choice import mutants
from selfmod.gate.mutants.schemata import schemata, switches
from selfmod.gate.stages.coverage import Coverage
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests
from selfmod.gate.thresholds import Thresholds
from tests.busy import busy_cores

MODULE = '''\
"""Splits and counts."""

LIMIT = 3


def shorten(text: str, most: int = 10) -> str:
    """Cut a text at a word."""
    if len(text) <= most:
        return text
    kept = text[:most]
    while kept and kept[-1] != " ":
        kept = kept[:-1]
    return kept.rstrip() + "..."


def score(words: list[str]) -> int:
    """Sum what the words are worth."""
    total = 0
    for word in words:
        if word.startswith("a") and len(word) > LIMIT:
            total += 2
        else:
            total += 1
    return total
'''
GOOD = """\
from plugin import score, shorten

def test_short_text_stays():
    assert shorten("one two") == "one two"
    assert shorten("exactly 10") == "exactly 10"

def test_long_text_is_cut_at_a_word():
    assert shorten("one two three") == "one two..."
    assert shorten("aa bb cc", 4) == "aa..."
    assert shorten("abcdefgh", 4) == "..."

def test_score():
    assert score([]) == 0
    assert score(["abc", "abcd", "beta"]) == 4
    assert score(["abcd"]) == 2
"""
_CALLS = ['shorten("one two")', 'shorten("one two three")', 'score(["abcd", "b"])']


def suite(assertion: str) -> str:
    lines = "".join(f"    {assertion.format(call=call)}\n" for call in _CALLS)
    return f"from plugin import score, shorten\ndef test_all():\n{lines}"


def test_a_good_suite_passes(judged):
    found = judged(MODULE, GOOD, Tests(), Coverage(), Mutation())
    stage = found.stages["mutation"]
    figures = stage.figures
    assert stage.verdict == "pass", stage.findings
    assert figures["mutants"] >= 15
    assert figures["killed"] == figures["mutants"] - figures["survivors"]
    assert figures["raw"] == round(figures["killed"] / figures["mutants"], 4)
    assert figures["value"] == round(figures["value_killed"] / figures["mutants"], 4)


VACUOUS = {
    "no assertion": "{call}",
    "not None": "assert {call} is not None",
    "a type": "assert isinstance({call}, (str, int))",
    "itself": "assert {call} == {call}",
    "a length": "assert len(str({call})) > 0",
    "always true": "assert {call} or True",
    "no exception": "assert repr({call})",
}


@pytest.mark.parametrize("assertion", VACUOUS.values(), ids=VACUOUS)
def test_a_suite_that_covers_everything_and_asserts_nothing_is_refused(judged, assertion):
    found = judged(MODULE, suite(assertion), Tests(), Coverage(), Mutation())
    assert found.stages["tests"].verdict == "pass"
    assert found.stages["coverage"].verdict == "pass"
    assert found.stages["mutation"].verdict == "refuse"
    assert found.rules("mutation") & {"mutation.survivor", "mutation.value"}


def test_survivors_are_shown_as_diffs_of_the_source_as_it_stands(judged):
    module = "def is_adult(age: int) -> bool:\n    return age >= 18  # the law\n"
    tests = "from plugin import is_adult\ndef test_a():\n    assert is_adult(30) is True\n"
    found = judged(module, tests, Tests(), Mutation(), thresholds=Thresholds(survivors_allowed=0))
    (finding,) = [item for item in found.stages["mutation"].findings if item.rule == "mutation.survivor"]
    assert "-    return age >= 18  # the law\n+    return age " in finding.message
    assert "What should is_adult(" in finding.message
    assert (finding.path, finding.line, finding.waivable) == ("plugin.py", 2, True)


def test_survivors_become_questions_with_an_input_that_tells_them_apart(judged):
    module = "def grade(points: int) -> str:\n    return 'pass' if points >= 50 else 'fail'\n"
    tests = "from plugin import grade\ndef test_a():\n    assert grade(80) == 'pass'\n    assert grade(10) == 'fail'\n"
    found = judged(module, tests, Tests(), Mutation())
    questions = {
        question
        for secret in (b"1", b"2", b"3", b"4", b"5", b"6")
        for question in judged(module, tests, Tests(), Mutation(), secret=secret)
        .stages["mutation"]
        .figures["questions"]
    }
    assert found.stages["mutation"].verdict == "pass"
    assert "What should grade(50) give? This code says 'pass', the mutant 'fail'." in questions


def test_kills_by_crashes_alone_are_not_enough(judged):
    module = 'def first(rows: list[dict[str, int]]) -> int:\n    return rows[0].get("a", 0) // len(rows)\n'
    tests = 'from plugin import first\ndef test_a():\n    first([{"a": 1}])\n'
    assert judged(module, tests, Tests(), Mutation()).stages["mutation"].verdict == "refuse"


def test_one_survivor_is_always_allowed(judged):
    module = "def biggest(values: list[int]) -> int:\n    best = values[0]\n    for value in values:\n"
    module += "        if value > best:\n            best = value\n    return best\n"
    tests = (
        "from plugin import biggest\ndef test_a():\n    assert biggest([1, 3, 2]) == 3\n    assert biggest([5]) == 5\n"
    )
    stage = judged(module, tests, Tests(), Mutation()).stages["mutation"]
    assert stage.verdict == "pass"
    assert stage.figures["survivors"] <= 1
    assert all(finding.advisory for finding in stage.findings)


def test_endless_mutants_cost_next_to_nothing(judged):
    module = "def steps(n: int) -> int:\n    count = 0\n    while n > 0:\n        n -= 1\n        count += 1\n"
    module += "    return count\n"
    tests = "from plugin import steps\ndef test_a():\n    assert steps(5) == 5\n    assert steps(0) == 0\n"
    stage = judged(module, tests, Tests(), Mutation()).stages["mutation"]
    assert stage.verdict == "pass"
    assert stage.figures["survivors"] == 0


def test_a_mutant_that_no_counter_sees_is_ended_by_its_timer(judged):
    """Without its bound the text is long enough for this pattern to take years."""
    module = "import re\n\n\ndef check(text: str) -> bool:\n    part = text[:4]\n"
    module += '    return re.match("(a+)+$", part) is not None\n'
    tests = "from plugin import check\ndef test_a():\n    assert check('a' * 80 + 'b') is True\n"
    tests += "    assert check('b') is False\n"
    found = judged(module, tests, Tests(), Mutation())
    figures = found.stages["mutation"].figures
    assert found.stages["mutation"].verdict == "pass"
    assert figures["mutants"] >= 4
    assert figures["survivors"] <= 1  # a bound of 5 in place of 4 makes no difference


def test_a_mutant_that_only_waits_is_ended(judged):
    module = "import asyncio\n\n\nasync def after(steps: int) -> int:\n    done = asyncio.Event()\n"
    module += "    if steps > 0:\n        done.set()\n    await done.wait()\n    return steps * 2\n"
    tests = "import asyncio\nfrom plugin import after\ndef test_a():\n    assert asyncio.run(after(1)) == 2\n"
    tests += "    assert asyncio.run(after(4)) == 8\n"
    stage = judged(module, tests, Tests(), Mutation()).stages["mutation"]
    assert stage.figures["killed"] == stage.figures["value_killed"] + 4  # the event is not set; nobody waits for it
    assert {item.line for item in stage.findings if item.rule == "mutation.survivor"} <= {6, 8}


def test_tests_that_take_too_long_for_mutants_are_told_apart_by_what_to_do(judged):
    found = judged(
        MODULE,
        GOOD.replace("    assert score([]) == 0", "    time.sleep(0.6)\n    assert score([]) == 0").replace(
            "from plugin", "import time\nfrom plugin"
        ),
        Tests(),
    )
    stage = Mutation().run(replace(found.subject, thresholds=Thresholds(stage_s=1.0)))
    (ended,) = [item for item in stage.findings if item.rule == "mutation.ended" and "against mutants" in item.message]
    assert "make the tests quicker" in ended.hint
    assert not ended.waivable


UNSEEN = "def same(n: int) -> int:\n    return n * 1\n"
WORKING = "import time\nfrom plugin import same\ndef test_a():\n    until = time.process_time() + {seconds}\n"
WORKING += "    same(3)\n    while time.process_time() < until:\n        pass\n"


@pytest.mark.parametrize(("seconds", "others"), [(0.4, 3), (1.1, 0)], ids=["a busy machine", "tests that take long"])
def test_time_that_a_mutant_does_not_take_is_no_reason_to_kill_it(judged, seconds, others):
    found = judged(UNSEEN, WORKING.format(seconds=seconds), Tests())
    with busy_cores(each=others, bound_s=20):
        figures = Mutation().run(found.subject).figures
    assert figures["survivors"] == figures["mutants"] == 3


def test_waiting_longer_is_no_mutant():
    source = "import asyncio\nasync def f():\n    await asyncio.sleep(1)\n    return 5\n"
    assert {mutant.node.lineno for mutant in mutants(ast.parse(source))} == {4}


def test_code_at_import_is_mutated_too(judged):
    module = "RATES = {\n    'km': 1000,\n    'm': 1,\n}\n\n\ndef metres(n: int, unit: str) -> int:\n"
    module += "    return n * RATES[unit]\n"
    tests = "from plugin import metres\ndef test_a():\n    assert metres(2, 'km') == 2000\n"
    found = judged(module, tests, Tests(), Mutation(), thresholds=Thresholds(survivors_allowed=0))
    assert found.stages["mutation"].verdict == "refuse"
    survivors = [item for item in found.stages["mutation"].findings if item.rule == "mutation.survivor"]
    assert survivors
    assert all(item.line in (1, 2, 3) for item in survivors)
    whole = tests + "    assert metres(2, 'm') == 2\n"
    assert judged(module, whole, Tests(), Mutation()).stages["mutation"].figures["survivors"] == 0


def test_a_remembered_result_does_not_hide_a_mutant(judged):
    module = "from functools import cache\n\n\n@cache\ndef square(n: int) -> int:\n    return n * n + 0 * n\n"
    tests = "from plugin import square\ndef test_a():\n    assert square(3) == 9\n    assert square(2) == 4\n"
    figures = judged(module, tests, Tests(), Mutation()).stages["mutation"].figures
    assert figures["killed"] >= figures["mutants"] - 1


def test_the_choice_depends_on_the_host_secret(judged):
    chosen = set()
    for secret in (b"one", b"two", b"three", b"four"):
        found = judged(MODULE, suite("{call}"), Tests(), Mutation(), secret=secret)
        chosen.add(tuple(finding.id for finding in found.stages["mutation"].findings))
    assert len(chosen) > 1
    again = judged(MODULE, suite("{call}"), Tests(), Mutation(), secret=b"one")
    assert tuple(finding.id for finding in again.stages["mutation"].findings) in chosen


def test_forged_fates_of_mutants_are_refused(judged):
    """The suite tells the host itself that every mutant was noticed, without knowing the nonce."""
    tests = """\
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == "_wrap_close":
        sys = kind.__init__.__globals__["sys"]
from plugin import score
def test_a():
    score(["abcd", "b"])
    for index in range(100):
        sys.modules["sandbox.worker"].note({"kind": "mutant", "index": index, "result": "value"})
"""
    found = judged(MODULE, tests, Tests())
    assert found.stages["tests"].verdict == "refuse"
    good = judged(MODULE, GOOD, Tests())
    forged = {**good.subject.candidate.files, "tests/test_plugin.py": tests.encode()}
    object.__setattr__(good.subject.candidate, "files", forged)
    object.__setattr__(good.subject.plan, "ids", ("tests/test_plugin.py::test_a",))
    stage = Mutation().run(good.subject)
    assert stage.verdict == "refuse"
    assert not any(finding.waivable for finding in stage.findings)


def test_kills_by_a_test_that_fails_whenever_it_is_run_again_do_not_count(judged):
    """The file stays for the next run of the test, which then fails whatever the plugin does."""
    module = "def f(a: int) -> int:\n    if a > 10:\n        return a - 1\n    return a + 1\n"
    tests = """\
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == "_wrap_close":
        os = kind.__init__.__globals__["sys"].modules["os"]
from plugin import f
def test_a():
    assert not os.path.exists("/work/was-here")
    open("/work/was-here", "w").close()
    f(1)
    f(11)
"""
    found = judged(module, tests, Tests(), Coverage(), Mutation())
    assert (found.stages["tests"].verdict, found.stages["coverage"].verdict) == ("pass", "pass")
    stage = found.stages["mutation"]
    assert stage.verdict == "refuse"
    assert stage.figures["killed"] == 0


GRADES = """\
def grade(points: int) -> str:
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    if points >= 60:
        return "C"
    return "F"
"""
MARKS = "    marks = [grade(points) for points in (0, 65, 80, 95)]\n"
EVERY_SECOND_TIME = {
    "by a list": f"RUNS = []\ndef test_a():\n{MARKS}    RUNS.append(marks)\n    assert len(RUNS) % 2 == 1\n",
    "by an iterator": f"SIZES = cycle([4, 5])\ndef test_a():\n{MARKS}    assert len(marks) == next(SIZES)\n",
    "by the tests that ran": (
        f"RUNS = []\ndef test_a():\n{MARKS}    RUNS.append(1)\n    assert len(RUNS) in (1, 2)\n"
        f"def test_b():\n{MARKS}    RUNS.append(1)\n    assert len(RUNS) in (1, 2)\n"
    ),
}


@pytest.mark.parametrize("way", EVERY_SECOND_TIME)
def test_a_test_cannot_tell_a_mutant_by_how_often_it_was_run(judged, way):
    tests = f"from itertools import cycle\nfrom plugin import grade\n{EVERY_SECOND_TIME[way]}"
    found = judged(GRADES, tests, Tests(), Coverage(), Mutation())
    assert (found.stages["tests"].verdict, found.stages["coverage"].verdict) == ("pass", "pass")
    assert found.stages["mutation"].figures["value_killed"] == 0


def test_what_tests_keep_from_each_other_does_not_tell_a_mutant_either(judged):
    """`test_c` fails right after `test_a`: so it does where `test_b`, which runs other lines, is left out."""
    tests = (
        f"from plugin import grade, twice\nRAN = []\ndef test_a():\n{MARKS}    RAN.append('a')\n"
        "def test_b():\n    twice(2)\n    RAN.append('b')\n"
        f"def test_c():\n{MARKS}    RAN.append('c')\n    assert RAN != ['a', 'c']\n"
    )
    twice = "def twice(n: int) -> int:\n    return 2 * n\n"
    found = judged(GRADES + twice, tests, Tests(), Coverage(), Mutation())
    assert found.stages["tests"].verdict == "pass"
    assert found.stages["mutation"].figures["value_killed"] == 0


def test_kills_at_import_by_a_test_that_fails_without_the_mutant_do_not_count(judged):
    """`test_b` runs fewer lines, so it comes first against mutants, and alone it fails."""
    module = (
        "FACTORS = {'m': 7}\ndef metres(n: int, unit: str) -> int:\n"
        "    if unit in FACTORS:\n        n = n * FACTORS[unit]\n    return n\n"
    )
    tests = (
        "from plugin import metres\nRAN = []\ndef test_a():\n    metres(1, 'm')\n    RAN.append('a')\n"
        "def test_b():\n    metres(1, 'k')\n    assert RAN\n"
    )
    found = judged(module, tests, Tests(), Coverage(), Mutation())
    assert found.stages["tests"].verdict == "pass"
    assert found.stages["mutation"].figures["killed"] == 0


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


SYNTAX = """\
import asyncio
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    A = 1
    B = "b"


@dataclass(frozen=True)
class Item:
    name: str = "x"
    parts: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.parts) + 1

    @staticmethod
    def make(n: int, *, twice: bool = False) -> "Item":
        return Item(f"item {n:>3}", [n] * (2 if twice else 1))


def walk(values, *rest, key=lambda v: -v, **more):
    seen = {}
    for index, value in enumerate(sorted([*values, *rest], key=key)):
        if value in seen or not value:
            continue
        elif value > 10:
            break
        else:
            seen[value] = index
        try:
            seen[value] //= 1
        except (KeyError, ValueError) as error:
            raise RuntimeError("x") from error
        finally:
            seen.setdefault(None, 0)
    with_default = more.get("x", 1) if more else None
    return {k: v for k, v in seen.items() if k is not None}, with_default, (yes := len(seen)), yes


def matching(value):
    match value:
        case [1, *others] if len(others) > 1:
            return others[1:]
        case {"a": first}:
            return first
        case Item(name=name) | str(name):
            return f"{name!r}: {name.upper()}"
        case None | True:
            return not value
    return [x for row in value for x in row if x % 2 == 0]


async def later(n: int) -> int:
    async def one(i):
        await asyncio.sleep(0)
        return i * 2

    total = sum([await one(i) for i in range(n)])
    return total if 0 < total <= 100 else -total


def generate(n):
    while True:
        n -= 1
        if n < 0:
            return
        yield n ** 2
"""


def test_every_mutant_of_much_syntax_keeps_to_the_dialect():
    every = list(mutants(ast.parse(SYNTAX)))
    assert len(every) > 70
    tree = ast.parse(SYNTAX)
    names = switches("0")
    schemata(tree, mutants(tree), "plugin.py", names)
    for number in range(len(every)):
        tree = ast.parse(SYNTAX)
        schemata(tree, [mutant for mutant in mutants(tree) if mutant.index == number], "plugin.py", names)


def test_the_module_with_its_mutants_does_the_same_when_none_is_active(judged):
    tests = """\
import asyncio
from plugin import Item, generate, later, matching, walk
def test_all():
    assert walk([3, 1, 2], 0, 11) == ({}, None, 0, 0)
    assert walk([3, 1, 2], 0, x=5)[0] == {3: 0, 2: 1, 1: 2}
    assert matching([1, 2, 3]) == [3] and matching({"a": 4}) == 4 and matching("s") == "'s': S"
    assert matching(Item()) == "'x': X" and matching(None) is True and matching([[2, 3], [4]]) == [2, 4]
    assert asyncio.run(later(3)) == 6 and list(generate(3)) == [4, 1, 0]
    assert Item.make(2, twice=True) == Item("item   2", [2, 2]) and Item.make(1).size == 2
"""
    found = judged(SYNTAX, tests, Tests(), Mutation())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert "mutation.baseline" not in found.rules("mutation")
    assert found.stages["mutation"].figures["raw"] > 0.5


def test_work_that_takes_many_turns_is_no_endless_mutant(judged):
    """The default runs at import, where no test was measured before; its mutant changes nothing that is asserted."""
    module = "def total(n: int, step: int = 1) -> int:\n    found = 0\n    for i in range(n):\n        found += 1\n"
    module += "    return found if step else 0\n"
    tests = "from plugin import total\ndef test_a():\n    assert total(30_000) == 30_000\n    assert total(5, 0) == 0\n"
    stage = judged(module, tests, Tests(), Mutation()).stages["mutation"]
    assert stage.verdict == "pass"
    assert any("step: int = 2" in finding.message for finding in stage.findings)


def test_survivors_that_are_not_shown_cannot_be_waived(judged):
    module = (
        "def f(a: int, b: int) -> int:\n"
        + "".join(f"    a = a * {n} + b - {n}\n" for n in range(2, 12))
        + "    return a\n"
    )
    tests = "from plugin import f\n\n\ndef test_f():\n    assert f(1, 2) != 0\n"
    (more,) = [
        item
        for item in judged(module, tests, Tests(), Mutation()).stages["mutation"].findings
        if item.rule == "mutation.more"
    ]
    assert not more.advisory and not more.waivable
