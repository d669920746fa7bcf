"""A README that shows what the plugin does not do is refused; what cannot be told here is not judged."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from selfmod.gate.base import StageResult
from selfmod.gate.stages.docs import Docs
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.subject import Subject

MANIFEST = """\
schema: 1
id: scores
name: Scores
version: 0.1.0
description: Counts points.
license: MIT
entry: plugin.py
commands: [{name: points, handler: points}]
tools: [{name: best, handler: best}, {name: kept, handler: kept}, {name: today, handler: today}]
capabilities: {storage: true}
effects: [clock]
"""
MODULE = '''\
"""Counts points.

>>> points("1 2")
3
"""

from plugins.sdk import clock, storage


def points(line: str) -> int:
    """Return the sum of a line."""
    return sum(int(word) for word in line.split())


def best(first: int, second: int = 0, *, least: int = 0) -> int:
    """Return the greatest of all."""
    return max(first, second, least)


def kept(number: int) -> int:
    """Return the sum of all that were given so far."""
    total = int(storage.get("sum", 0)) + number
    storage.set("sum", total)
    return total


def today() -> str:
    """Return the day."""
    return clock.now().isoformat()
'''
Judge = Callable[..., StageResult]


@pytest.fixture
def docs(make_subject: Callable[..., Subject]) -> Judge:
    """What the stage says of a README, by rule and whether it is only told."""

    def judge(readme: str, module: str = MODULE, manifest: str = MANIFEST) -> StageResult:
        files = {"plugin.yaml": manifest, "plugin.py": module, "README.md": f"# Scores\n\nIt counts.\n\n{readme}\n"}
        subject = make_subject(files)
        assert ManifestStage().run(subject).verdict == "pass"
        return Docs().run(subject)

    return judge


def rules(result: StageResult) -> list[tuple[str, bool]]:
    return [(item.rule, item.advisory) for item in result.findings if item.rule.startswith("docs.shown")]


TRUE = [
    "    /points 1 2 3\n\ngives `6`.",
    "`/points 1 2 3` gives 6, and `/points x` is an error.",
    "    ratchet call scores best 3 4 --least 9\n    9",
    "`best(3, 4, least=9)` returns `9`.",
    "    /points\n\nAn empty line is no error.",
]
FALSE = [
    ("    /points 1 2 3\n\ngives `7`.", "docs.shown"),
    ("`/points 1 2 3` is an error.", "docs.shown"),
    ("    ratchet call scores best 3 4 --least 9\n    4", "docs.shown"),
    ("`best(3, 4, least=9)` returns `4`.", "docs.shown"),
    ("    /points one two", "docs.shown"),
    ("    ratchet call scores best 3 --most 9", "docs.shown-call"),
    ("    ratchet call scores worst 3", "docs.shown-call"),
]
NO_CLOCK = MANIFEST.replace("effects: [clock]\n", "")
PLAIN = MODULE[: MODULE.index("\n\ndef today")] + "\n\ndef today() -> str:\n    return 'Monday'\n"
PLAIN = PLAIN.replace("import clock, storage", "import storage")


@pytest.mark.parametrize("readme", TRUE)
def test_what_a_plugin_does_may_be_shown(docs: Judge, readme: str) -> None:
    result = docs(readme, PLAIN, NO_CLOCK)
    assert rules(result) == []
    assert result.figures["calls_judged"] == result.figures["calls_shown"]


@pytest.mark.parametrize(("readme", "rule"), FALSE)
def test_what_it_does_not_do_may_not(docs: Judge, readme: str, rule: str) -> None:
    result = docs(readme, PLAIN, NO_CLOCK)
    assert rules(result) == [(rule, False)]
    assert result.verdict == "refuse"


def test_a_docstring_shows_it_too(docs: Judge) -> None:
    result = docs("It is quick.", PLAIN.replace("\n3\n", "\n4\n"), NO_CLOCK)
    assert [(item.rule, item.path, item.line) for item in result.findings if item.rule == "docs.shown"] == [
        ("docs.shown", "plugin.py", 3)
    ]


def test_what_was_kept_before_is_told_only(docs: Judge) -> None:
    told = docs("    ratchet call scores kept 5\n    ratchet call scores kept 2\n\ngives `7`.", PLAIN, NO_CLOCK)
    assert rules(told) == []
    assert rules(docs("    ratchet call scores kept 2\n\ngives `7`.", PLAIN, NO_CLOCK)) == [("docs.shown", True)]


def test_time_and_chance_are_not_judged(docs: Judge) -> None:
    result = docs("    ratchet call scores today\n\ngives `2030-12-24`.")
    assert rules(result) == []
    assert result.figures["calls_judged"] == 0
    assert result.figures["calls_shown"] == 2


def test_a_call_that_does_not_end_is_no_example(docs: Judge) -> None:
    endless = PLAIN.replace("    return max(", "    while True:\n        pass\n    return max(")
    limited = NO_CLOCK + "limits: {wall_s: 1}\n"
    assert rules(docs("    ratchet call scores best 3\n\ngives `3`.", endless, limited)) == [("docs.shown", False)]


def test_many_wrong_examples_are_shown_in_part(docs: Judge) -> None:
    assert len(rules(docs("`/points 1` gives `2`.\n\n" * 30, PLAIN, NO_CLOCK))) == 5


def test_slow_examples_take_a_share_of_the_time(docs: Judge) -> None:
    endless = PLAIN.replace("    return max(", "    while True:\n        pass\n    return max(")
    begun = time.monotonic()
    result = docs("    ratchet call scores best 3\n" * 30 + "    /points 1\n\ngives `2`.", endless, NO_CLOCK)
    assert rules(result) == [("docs.shown", False)]
    assert time.monotonic() - begun < 15
