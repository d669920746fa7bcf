"""Stage mutation: a suite that does not notice a broken plugin is refused, however much it covers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from selfmod.examples import parse_example
from selfmod.gate.stages.coverage import Coverage
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests
from selfmod.gate.thresholds import Thresholds
from selfmod.spec import Spec
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


def test_a_refusal_for_too_few_changes_says_how_many_must_be_noticed(judged):
    found = judged(MODULE, suite("{call}"), Tests(), Mutation(), thresholds=Thresholds(mutation_raw_min=0.85))
    stage = found.stages["mutation"]
    hints = {item.hint for item in stage.findings if item.rule == "mutation.survivor"}
    total, killed = stage.figures["mutants"], stage.figures["killed"]
    said = f"{killed} of {total} changes are noticed (at least 85% must be)"
    assert hints == {f"add a test whose assertion fails with this change; {said}"}


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


@pytest.mark.parametrize("held_back", [True, False])
def test_nobody_is_asked_what_an_example_says(judged, held_back):
    module = "def is_adult(age: int) -> bool:\n    return age >= 18\n"
    tests = "from plugin import is_adult\ndef test_a():\n    assert is_adult(30) is True\n"
    open_ones = judged(module, tests, Tests(), Mutation()).stages["mutation"].figures["questions"]
    calls = sorted({question.removeprefix("What should ").partition(" give?")[0] for question in open_ones})
    assert calls
    examples = tuple(replace(parse_example(f"{call} == True"), held_back=held_back) for call in calls)
    stage = judged(module, tests, Tests(), Mutation(), spec=Spec(text="", examples=examples)).stages["mutation"]
    assert stage.figures["questions"] == []
    assert not any("What should" in finding.message for finding in stage.findings)


_OF_CHANCE = """\
{head}
def phrase(words: int) -> str:
    if words < 1:
        raise ValueError("none")
    return "-".join(str({drawn}(range(1000))) for _ in range(words))
"""


@pytest.mark.parametrize(
    ("head", "drawn"),
    [
        ("from plugins.sdk import random", "random.choice"),
        ("import random", "random.choice"),
        ("import random\nDRAWN = random.Random(5)", "DRAWN.choice"),
    ],
)
def test_nobody_is_asked_what_chance_decides(judged, head, drawn):
    module = _OF_CHANCE.format(head=head, drawn=drawn)
    tests = """\
import pytest
from plugin import phrase
def test_a():
    assert phrase(3).count("-") == 2
def test_b():
    with pytest.raises(ValueError):
        phrase(-2)
"""
    asked = [
        question
        for secret in (b"1", b"2", b"3", b"4", b"5", b"6")
        for question in judged(module, tests, Tests(), Mutation(), secret=secret)
        .stages["mutation"]
        .figures["questions"]
    ]
    assert not re.findall(r"phrase\([1-9]\)", "\n".join(asked))


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
    assert all(finding.advisory and "must be" not in finding.hint for finding in stage.findings)


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


TWICE = """\
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekday(year: int, day: int) -> str:
    leaps = year // 4 - year // 100
    leaps += year // 400
    place = (year + leaps + day + 2) % 7
    {checked}
    return NAMES[place]


def _again(year: int, day: int) -> int:
    days = 365 * year + 9 + day
    days += year // 4
    days -= year // 100
    days += year // 400
    return days % 7
"""
CHECKED = {
    "a table of one": "place = {place: place}[_again(year, day)]",
    "a row": "place = [place][[place].index(_again(year, day))]",
    "a condition": "assert place == _again(year, day)",
}
ANY_OF_THEM = (
    "    names = {'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'}\n"
    "    assert all({weekday(y, d) for d in range(n, n + 7)} == names for n in (0, 20) for y in (1999, 2024, 2100))\n"
)
WHICH = (
    "    assert [weekday(y, 1) for y in (1999, 2000, 2100)] == ['Tuesday', 'Thursday', 'Tuesday']\n"
    "    assert [weekday(1999, d) for d in range(4)] == ['Monday', 'Tuesday', 'Wednesday', 'Thursday']\n"
)


@pytest.mark.parametrize("checked", CHECKED.values(), ids=CHECKED)
def test_a_plugin_that_notices_changes_by_itself_is_not_tested_by_that(judged, checked):
    tests = f"from plugin import weekday\n\n\ndef test_weekdays():\n{ANY_OF_THEM}"
    found = judged(TWICE.format(checked=checked), tests, Tests(), Mutation())
    assert "mutation.raising" in found.rules("mutation")
    assert "mutation.value" not in found.rules("mutation")


def test_tests_that_notice_what_a_call_gives_are_no_check_of_the_plugin(judged):
    tests = f"from plugin import weekday\n\n\ndef test_weekdays():\n{WHICH}"
    stage = judged(TWICE.format(checked="pass"), tests, Tests(), Mutation()).stages["mutation"]
    assert stage.figures["given"] > 0.8 and stage.figures["value"] >= 0.7  # a place beyond the names raises
    assert "mutation.raising" not in {one.rule for one in stage.findings}


def test_another_exception_than_the_expected_one_is_noticed(judged):
    module = (
        "def half(n: int) -> int:\n    if n % 2 == 1:\n        raise ValueError('odd')\n"
        "    if n < 0:\n        raise ValueError('below nothing')\n    return {0: 0, 2: 1, 4: 2}[n]\n"
    )
    tests = (
        "import pytest\n\nfrom plugin import half\n\n\ndef test_half():\n"
        "    assert [half(0), half(2), half(4)] == [0, 1, 2]\n\n\n@pytest.mark.parametrize('n', [1, 3, -1, -2])\n"
        "def test_refused(n):\n    with pytest.raises(ValueError):\n        half(n)\n"
    )
    figures = judged(module, tests, Tests(), Mutation()).stages["mutation"].figures
    assert figures["given"] >= 0.5, figures
