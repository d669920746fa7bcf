"""What passes within a call: a clock that shows whole seconds or stands still in tests, and goes on for real."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.manifest import parse_manifest
from selfmod.gate.seconds import between_seconds
from selfmod.gate.stages.determinism import Determinism
from selfmod.gate.stages.tests import Tests
from selfmod.gate.thresholds import Thresholds

MANIFEST = parse_manifest(
    b"schema: 1\nid: timed\nname: Timed\nversion: 0.1.0\ndescription: d\nauthor: a\nlicense: MIT\nentry: plugin.py\n"
    b"tools: [{name: f, handler: f, description: d}]\neffects: [clock]\n"
)
MODULE = """\
import math
from plugins.sdk import clock


def plain(amount: float) -> float:
    return clock.now() + amount


def f(amount: float):
    begun = clock.{clock}()
    passed = clock.{clock}() - begun
{body}
"""


def _rules(judged, clock: str, body: str, expected: str) -> set[str]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    tests = f"""\
import plugin
import pytest
from plugins.sdk import testing
def test_f():
    with testing.outside(now=1000):
        {expected}
"""
    module = MODULE.replace("{clock}", clock).replace("{body}", lines)
    found = judged(module, tests, Tests(), Determinism(), manifest=MANIFEST)
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    return found.rules("determinism")


def _gives(value: str) -> str:
    return f"assert plugin.f(100.0) == {value}"


TICKING = {
    "an amount": ("return amount + min(passed * 1e7, amount / 10)", _gives("100.0")),
    "a count": ("return math.ceil(passed)", _gives("0")),
    "a text": ("return 'late' if passed else 'in time'", _gives("'in time'")),
    "a number in a text": ("return f'{amount + passed * 1e5:.2f} owed'", _gives("'100.00 owed'")),
    "a truth": ("return passed > 0", _gives("False")),
    "a kind": ("return None if passed else amount", _gives("100.0")),
    "within": ("return {'owed': [amount, 7 * math.ceil(passed)]}", _gives("{'owed': [100.0, 0]}")),
    "an exception": ("if passed:\n    raise ValueError('late')\nreturn 1", _gives("1")),
    "another exception": (
        "raise KeyError('late') if passed else ValueError('late')",
        "with pytest.raises(ValueError, match='late'):\n            plugin.f(1.0)",
    ),
    "a later look": ("return clock.now() - begun == 0", _gives("True")),
    "behind many other calls": (
        "return amount + passed * 1e7",
        f"assert [plugin.plain(n) for n in range(30)][2] == 1002\n        {_gives('100.0')}",
    ),
}
TIMED = {
    "what passed": ("return passed", _gives("0")),
    "rounded": ("return round(passed, 1)", _gives("0")),
    "never less than nothing": ("return max(0, passed)", _gives("0")),
    "milliseconds": ("return round(passed * 1000)", _gives("0")),
    "microseconds": ("return int(passed * 1_000_000)", _gives("0")),
    "a text with a fraction": ("return f'took {passed:.3f} s'", _gives("'took 0.000 s'")),
    "whole seconds until a moment": ("return int(1300 - clock.now())", _gives("300")),
    "whether it is over": ("return clock.now() > 1000", _gives("False")),
    "what is over": ("if clock.now() > 1000:\n    raise ValueError('over')\nreturn 1", _gives("1")),
    "a time-out": ("return passed < 5", _gives("True")),
    "a moment": ("return [begun, clock.now()]", _gives("[1000, 1000]")),
}
WRONG_STEPS = {
    "a decision": ("return 300 < 300 * (1 + math.ceil(math.modf(passed)[0]))", _gives("False")),
    "a number": ("return amount + 50 * math.ceil(passed % 1)", _gives("100.0")),
    "a text": ("return 'up' * (1 + math.ceil(passed % 1))", _gives("'up'")),
    "an exception": ("if passed % 1:\n    raise ValueError('odd')\nreturn 1", _gives("1")),
    "only in the first second": ("return passed > 1 or passed % 1 == 0", _gives("True")),
    "only after the first second": ("return passed < 1 or passed % 1 == 0", _gives("True")),
}
RIGHT_STEPS = {
    "seconds": ("return passed", _gives("1")),
    "rounded": ("return {'up': True, 'seconds': round(passed, 1)}", _gives("{'up': True, 'seconds': 1.0}")),
    "milliseconds": ("return round(passed * 1000)", _gives("1000")),
    "a speed": ("return amount / max(passed, 0.001)", _gives("100.0")),
    "a time-out": ("if passed > 1:\n    raise TimeoutError('slow')\nreturn 'in time'", _gives("'in time'")),
    "a text": ("return f'{int(passed // 60)}:{passed % 60:04.1f}'", _gives("'0:01.0'")),
    "retries until a moment": (
        "tried = 1\nwhile clock.monotonic() < begun + 5:\n    tried += 1\nreturn tried",
        _gives("4"),
    ),
}


@pytest.mark.parametrize("name", TICKING)
def test_what_depends_on_the_time_between_two_looks_is_refused(judged, name):
    assert _rules(judged, "now", *TICKING[name]) == {"determinism.ticking"}


@pytest.mark.parametrize("name", TIMED)
def test_what_measures_the_time_between_two_looks_is_not(judged, name):
    assert _rules(judged, "now", *TIMED[name]) == set()


@pytest.mark.parametrize("name", WRONG_STEPS)
def test_what_is_off_between_whole_steps_is_refused(judged, name):
    assert _rules(judged, "monotonic", *WRONG_STEPS[name]) == {"determinism.fraction"}


@pytest.mark.parametrize("name", RIGHT_STEPS)
def test_what_goes_with_the_steps_is_not(judged, name):
    assert _rules(judged, "monotonic", *RIGHT_STEPS[name]) == set()


def test_what_there_is_no_time_to_look_at_is_refused(judged):
    slow = "from plugins.sdk import clock\ndef f(n: int) -> float:\n    begun = clock.now()\n"
    slow += "    sum(one * one % 97 for one in range(2_000_000))\n    return clock.now() - begun + n\n"
    tests = "import plugin\nfrom plugins.sdk import testing\n"
    tests += "".join(
        f"def test_{n}():\n    with testing.outside(now=5):\n        assert plugin.f({n}) == {n}\n" for n in range(6)
    )
    subject = judged(slow, tests, Tests(), manifest=MANIFEST).subject
    late = between_seconds(replace(subject, thresholds=Thresholds(stage_s=2.0)))
    assert [(item.rule, item.waivable) for item in late] == [("determinism.unseen", False)]
