"""Runs that end in the middle, that cannot be read, or whose account is not our own: every stage refuses them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from selfmod.gate.base import StageResult
from selfmod.gate.stages.cost import Cost
from selfmod.gate.stages.determinism import Determinism
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.oracle import Oracle
from selfmod.gate.stages.tests import Tests
from selfmod.gate.subject import Subject
from selfmod.gate.thresholds import Thresholds

Judged = Callable[..., Any]
MODULE = """\
from datetime import datetime


def later(year: int) -> bool:
    if datetime.now().year > year:
        return True
    return False


def step(number: int) -> int:
    if number > 3:
        return number - 1
    return number + 1
"""
# What the policy for tests would never let through: the stages must hold without it.
REACH = """\
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == "_wrap_close":
        system = kind.__init__.__globals__
from datetime import datetime
from plugin import later, step

"""
ENDS = "def test_a():\n    if later(%d):\n        system['_exit'](0)\n    assert step(1) == 2\n"
# It waits on purpose, against mutants, until it is ended.
WAITS = "def test_a():\n    while step(5) != 4 or step(1) != 2:\n        system['sys'].modules['time'].sleep(60)\n"
FORGES = (
    "def test_a():\n    assert step(5) == 4\n"
    "    note = system['sys'].modules['sandbox.worker'].note\n"
    "    note({'kind': 'mutant', 'index': 0, 'result': 'value'})\n"
)


def rules(stage: StageResult) -> set[str]:
    assert stage.verdict == "refuse"
    return {found.rule for found in stage.findings if not found.advisory}


def swapped(subject: Subject, path: str, text: str) -> Subject:
    """The same subject, after the stage tests, with one file that its author would have liked to be judged."""
    object.__setattr__(subject.candidate, "files", {**subject.candidate.files, path: text.encode()})
    return subject


@pytest.fixture
def passed(judged: Judged) -> Callable[[str], Subject]:
    """A subject whose tests passed."""

    def make(tests: str) -> Subject:
        found = judged(MODULE, REACH + tests, Tests())
        assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
        subject: Subject = found.subject
        return subject

    return make


def test_a_run_that_ends_early_at_another_time_is_refused(passed: Callable[[str], Subject]) -> None:
    subject = passed(ENDS % time.gmtime().tm_year)  # which is the year that the first run sees too
    assert "determinism.ended" in rules(Determinism().run(subject))


def test_a_run_against_mutants_that_does_not_come_to_its_end_is_refused(passed: Callable[[str], Subject]) -> None:
    subject = passed(WAITS)
    subject.thresholds = Thresholds(stage_s=1.0)
    assert rules(Mutation().run(subject)) == {"mutation.ended"}


def test_a_fate_that_a_test_told_the_host_is_refused(passed: Callable[[str], Subject]) -> None:
    subject = swapped(passed(WAITS), "tests/test_plugin.py", REACH + FORGES)
    assert rules(Mutation().run(subject)) == {"mutation.forged"}


def test_a_module_of_which_no_mutants_can_be_made_is_refused(passed: Callable[[str], Subject]) -> None:
    subject = swapped(passed(WAITS), "plugin.py", "def (")
    assert rules(Mutation().run(subject)) == {"mutation.unreadable"}


def test_files_that_cannot_be_searched_for_imitations_are_refused(passed: Callable[[str], Subject]) -> None:
    subject = swapped(passed(WAITS), "plugin.py", "def (")
    assert "oracle.unreadable" in rules(Oracle().run(subject))


def test_calls_that_there_was_no_time_to_measure_are_refused(passed: Callable[[str], Subject]) -> None:
    subject = passed(WAITS)
    assert "cost.unmeasured" not in {found.rule for found in Cost().run(subject).findings}
    subject.ends_at = time.monotonic()
    assert "cost.unmeasured" in rules(Cost().run(subject))


def test_a_result_that_differs_is_a_finding_although_every_test_passes(judged: Judged) -> None:
    module = "def names(text: str) -> list[str]:\n    return list(set(text.split()))\n"
    tests = "from plugin import names\ndef test_a():\n    assert len(names('one two three four five six')) == 6\n"
    found = judged(module, tests, Tests(), Determinism())
    assert found.stages["tests"].verdict == "pass"
    assert rules(found.stages["determinism"]) == {"determinism.result"}


def test_survivors_beyond_those_that_are_shown_are_counted(judged: Judged) -> None:
    lines = "".join(f"    if number > {n}:\n        number = number - {n}\n" for n in range(2, 9))
    module = f"def fall(number: int) -> int:\n{lines}    return number\n"
    tests = "from plugin import fall\ndef test_a():\n    assert fall(1) == 1\n    fall(100)\n"
    stage = judged(module, tests, Tests(), Mutation()).stages["mutation"]
    assert {"mutation.survivor", "mutation.more"} <= rules(stage)
    (more,) = [found for found in stage.findings if found.rule == "mutation.more"]
    shown = sum(found.rule == "mutation.survivor" for found in stage.findings)
    assert more.message.startswith(f"{stage.figures['survivors'] - shown} more")
