"""Stage coverage: measured on the code that will run, against what reading its source says could run."""

from __future__ import annotations

import pytest

from selfmod.gate.stages.coverage import Coverage
from selfmod.gate.stages.tests import Tests
from selfmod.gate.subject import CapabilityUse
from selfmod.gate.thresholds import Thresholds

MODULE = '''\
"""A module."""
from dataclasses import dataclass


@dataclass
class Box:
    """Holds
    a number.
    """

    size: int = 1

    def grow(self, by: int) -> int:
        if by > 10:
            self.size += 10
        else:
            self.size += by
        return self.size


def pick(n: int) -> str:
    match n:
        case 1:
            return "one"
        case 2:
            return "two"
    total = sum(
        value
        for value in range(n)
        if value
    )
    return str(total)
'''
WHOLE = """\
from plugin import Box, pick
def test_grow():
    assert Box().grow(5) == 6
    assert Box().grow(50) == 11
def test_pick():
    assert [pick(1), pick(2), pick(4)] == ["one", "two", "6"]
"""


def test_a_whole_suite_covers_every_line_and_branch(judged):
    stage = judged(MODULE, WHOLE, Tests(), Coverage()).stages["coverage"]
    assert (stage.verdict, stage.findings) == ("pass", ())
    assert stage.figures == {"lines": 1.0, "branches": 1.0, "missing_lines": []}


def test_uncovered_lines_and_branches_are_named(judged):
    tests = "from plugin import Box\ndef test_grow():\n    assert Box().grow(5) == 6\n"
    found = judged(MODULE, tests, Tests(), Coverage())
    stage = found.stages["coverage"]
    assert stage.verdict == "refuse"
    assert stage.figures["missing_lines"] == [15, 22, 23, 24, 25, 26, 27, 32]
    assert all(finding.waivable for finding in stage.findings)
    branches = [finding.line for finding in stage.findings if finding.rule == "coverage.branch"]
    assert branches == [14]


def test_a_missing_branch_alone_is_found(judged):
    module = "def f(a: int) -> int:\n    b = a\n    if a > 1:\n        b = 2\n    return b\n"
    tests = "from plugin import f\ndef test_f():\n    assert f(5) == 2\n"
    found = judged(module, tests, Tests(), Coverage())
    stage = found.stages["coverage"]
    assert (stage.figures["lines"], stage.figures["branches"]) == (1.0, 0.5)
    assert found.rules("coverage") == {"coverage.branch"}


def test_exclusions_do_not_exist(judged):
    module = "def f(a: int) -> int:\n    if a:  # pragma: no cover\n        return 1\n    return 2\n"
    tests = "from plugin import f\ndef test_f():\n    assert f(0) == 2\n"
    assert judged(module, tests, Tests(), Coverage()).stages["coverage"].figures["lines"] == 0.75


def test_above_the_threshold_missing_lines_are_shown_and_do_not_refuse(judged):
    module = MODULE.replace('return "two"', 'raise ValueError("two")')
    found = judged(
        module,
        WHOLE.replace("pick(2), ", "").replace('"two", ', ""),
        *(Tests(), Coverage()),
        thresholds=Thresholds(lines_min=0.8, branches_min=0.6),
    )
    stage = found.stages["coverage"]
    assert stage.verdict == "pass"
    assert [finding.line for finding in stage.findings if finding.rule == "coverage.line"] == [26]
    assert all(finding.advisory for finding in stage.findings)


def _low(judged, module: str, tests: str) -> list[tuple[str, int]]:
    """What refuses where no share is asked for."""
    found = judged(module, tests, Tests(), Coverage(), thresholds=Thresholds(lines_min=0, branches_min=0))
    assert found.stages["tests"].verdict == "pass"
    return [(one.rule, one.line) for one in found.stages["coverage"].findings if not one.advisory]


NEVER_RUN = {
    "an if": ("    if n > 5:\n        return 7\n    return n\n", 3),
    "an else": ("    if n < 5:\n        return n\n    else:\n        n = 7\n    return n\n", 5),
    "an elif": ("    if n < 5:\n        pass\n    elif n > 9:\n        n = 7\n    return n\n", 5),
    "a case": ("    match n:\n        case 9:\n            n = 7\n    return n\n", 4),
    "a handler": ("    try:\n        n = 8 // n\n    except ZeroDivisionError:\n        n = 7\n    return n\n", 5),
    "a loop": ("    for _ in range(n - 1):\n        n += 7\n    return n\n", 3),
    "a function": ("    return n\ndef g(n):\n    return 7\n", 4),
    "work before raising": ("    if n > 5:\n        FOUND.append(n)\n        raise ValueError\n    return n\n", 3),
}


@pytest.mark.parametrize("name", NEVER_RUN)
def test_a_block_that_does_something_must_have_run_whatever_the_share(judged, name):
    body, line = NEVER_RUN[name]
    tests = "from plugin import f\ndef test_f():\n    f(1)\n"
    assert _low(judged, f"def f(n):\n{body}", tests) == [("coverage.block", line)]


@pytest.mark.parametrize(
    "body",
    [
        "    if n > 5:\n        raise ValueError\n    return n\n",
        "    if n > 5:\n        text = f'{n} is too much'\n        raise ValueError(text)\n    return n\n",
        "    if n > 5:\n        if n > 6:\n            raise ValueError\n    return n\n",
        "    return n\ndef g(n):\n    'Doc.'\n    raise ValueError\n",
        "    return n\nclass C:\n    def __repr__(self):\n        return 'C()'\n    def run(self):\n        ...\n",
    ],
)
def test_a_block_that_only_raises_counts_towards_the_share_alone(judged, body):
    assert _low(judged, f"def f(n):\n{body}", "from plugin import f\ndef test_f():\n    f(1)\n") == []


@pytest.mark.parametrize(
    "body",
    [
        "    if n > 5: return 7\n    return n\n",
        "    match n:\n        case 9: n = 7\n    return n\n",
        "    return n\ndef g(n): return 7\n",
        "    return n\ndef g(\n    n,\n): return 7\n",
    ],
)
def test_a_block_whose_run_cannot_be_seen_is_refused(judged, body):
    found = _low(judged, f"def f(n):\n{body}", "from plugin import f\ndef test_f():\n    f(1)\n")
    assert [rule for rule, _ in found] == ["coverage.block"]


UNITS = """\
UNITS = {
    "m": lambda n: n * 1000,
    "cm": lambda n: n * 10, "mm": lambda n: n * 10,
}
def f(n: int, unit: str) -> int:
    return UNITS[unit](n)
"""


def test_a_lambda_must_have_been_called(judged):
    """Two on one line that do the same are two."""
    tests = "from plugin import f\ndef test_f():\n    assert f(2, 'm') == 2000\n    assert f(2, 'mm') == 20\n"
    assert _low(judged, UNITS, tests) == [("coverage.call", 3)]
    assert _low(judged, UNITS, f"{tests}    assert f(2, 'cm')\n") == []


def test_a_lambda_that_is_called_while_tests_are_collected_was_not_called(judged):
    tests = "from plugin import f\nf(2, 'cm')\ndef test_f():\n    assert f(2, 'm') + f(2, 'mm') == 2020\n"
    assert ("coverage.call", 3) in _low(judged, UNITS, tests)


def test_lines_that_run_only_while_tests_are_collected_do_not_count(judged):
    tests = "from plugin import Box, pick\npick(1), pick(2), pick(5), Box().grow(1)\ndef test_a():\n    pass\n"
    found = judged(MODULE, tests, Tests(), Coverage())
    assert 23 in found.stages["coverage"].figures["missing_lines"]


# The way past policy and importer that `test_tests` takes: what is judged here holds without them.
REACHED = """\
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == "_wrap_close":
        sys = kind.__init__.__globals__["sys"]
"""
TRICKS = {
    "tracing turned off": "sys.settrace(None)\nassert pick(1) == 'one'",
    "measuring stopped": "sys.modules['coverage'].Coverage.current().stop()\nassert pick(1) == 'one'",
    "lines added to the data": """\
data = sys.modules["coverage"].Coverage.current().get_data()
data.add_lines({"/work/plugin.py": list(range(1, 40))})
""",
    "arcs added to the data": """\
data = sys.modules["coverage"].Coverage.current().get_data()
data.add_arcs({"/work/plugin.py": [(n, n + 1) for n in range(-40, 40)]})
""",
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_measuring_cannot_be_turned_off_or_fed_by_a_test(judged, trick):
    tests = f"from plugin import pick\n{REACHED}def test_a():\n" + "".join(
        f"    {line}\n" for line in trick.splitlines()
    )
    found = judged(MODULE, tests, Tests(), Coverage())
    assert "tests.collect" not in found.rules("tests")
    assert found.stages["coverage"].verdict == "refuse"


def test_a_line_that_uses_a_capability_must_be_covered(judged):
    module = """\
from plugins.sdk import storage


def keep(value: int) -> int:
    if value > 100:
        storage.set("value", value)
    return value
"""
    tests = "from plugin import keep\ndef test_keep():\n    assert keep(1) == 1\n"
    low = Thresholds(lines_min=0.5, branches_min=0.5)
    found = judged(module, tests, Tests(), thresholds=low)
    found.subject.uses = (CapabilityUse(kind="storage", name="storage", line=6, literal=True),)
    stage = Coverage().run(found.subject)
    assert stage.verdict == "refuse"
    assert [(f.rule, f.line) for f in stage.findings if not f.advisory] == [("coverage.capability", 6)]


def test_a_last_line_that_nothing_may_reach_is_refused_with_what_to_do_about_it(judged):
    module = "def first(values: list[int]) -> int:\n    for value in values:\n        if value > 0:\n"
    module += "            return value\n    raise AssertionError('one is')\n"
    tests = "from plugin import first\ndef test_a():\n    assert first([-1, 2]) == 2\n"
    stage = judged(module, tests, Tests(), Coverage()).stages["coverage"]
    assert (stage.verdict, stage.figures["branches"]) == ("refuse", 0.75)
    (hint,) = [found.hint for found in stage.findings if found.rule == "coverage.line"]
    assert "needs no condition" in hint
    assert "next(" in hint
    middle = module.replace("raise AssertionError('one is')", "return 0")
    other = judged(middle, tests, Tests(), Coverage()).stages["coverage"]
    assert [found.hint for found in other.findings if found.rule == "coverage.line"] == [
        "add a test that reaches this line, or remove it"
    ]
