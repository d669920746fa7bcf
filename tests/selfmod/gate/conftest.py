"""A small good plugin, and subjects whose facts come from the parse functions called directly.

The tests of `test_gate` read the same files through the sandbox; here the rules are tested one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from sandbox.sandbox import Sandbox
from selfmod.candidate import Candidate
from selfmod.gate.base import Stage, StageResult
from selfmod.gate.facts import SECTIONS, Facts
from selfmod.gate.reading.parse import Material, _section, table
from selfmod.gate.stages.layout import module_of, tests_of
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests
from selfmod.gate.subject import Subject
from selfmod.gate.thresholds import Thresholds


class Judged(NamedTuple):
    """What stages said, by name, and the subject with their evidence."""

    stages: dict[str, StageResult]
    subject: Subject

    def rules(self, stage: str) -> set[str]:
        """The rules that made a stage refuse."""
        return {found.rule for found in self.stages[stage].findings if not found.advisory}


GOOD: Mapping[str, str] = {
    "plugin.yaml": """\
schema: 1
id: text-stats
name: Text stats
version: 0.1.0
description: Count the words of a text.
license: MIT
entry: plugin.py
tools: [{name: stats, handler: run}]
""",
    "plugin.py": '''\
"""Counts words."""


def run(text: str) -> int:
    """Return how many words a text has; an empty text has none."""
    count = 0
    for word in text.split():
        if word.strip(".,!?"):
            count += 1
    return count
''',
    "tests/test_plugin.py": '''\
"""Tests of the word count."""

from plugin import run


def test_words_are_counted() -> None:
    assert run("one two, three") == 3


def test_signs_are_no_words() -> None:
    assert run("one - two !") == 3
    assert run("? !") == 0


def test_nothing_has_no_words() -> None:
    assert run("") == 0
''',
    "README.md": "# Text stats\n\nCounts the words of a text: `stats one two` gives 2.\n",
}


@pytest.fixture
def good() -> dict[str, str]:
    """The files of a plugin that passes, to be changed by a test."""
    return dict(GOOD)


@pytest.fixture
def make_subject(sandbox: Sandbox) -> Callable[..., Subject]:
    """Make a subject whose facts are there already; the first argument is its files as text or bytes."""

    def make(files: Mapping[str, str | bytes], *, previous: Mapping[str, str] | None = None, **more: Any) -> Subject:
        candidate = Candidate(files={path: _bytes(text) for path, text in files.items()})
        before = Candidate(files={path: _bytes(text) for path, text in previous.items()}) if previous else None
        material = Material(
            files=candidate.files,
            previous=before.files if before else {},
            entry=module_of(candidate) or "plugin.py",
            tests=tests_of(candidate),
        )
        subject = Subject(
            candidate=candidate,
            sandbox=sandbox,
            thresholds=more.pop("thresholds", Thresholds()),
            secret=b"secret",
            previous=before,
            **more,
        )
        sections = table()
        subject.facts = Facts(sections={name: _section(sections[name], material) for name in SECTIONS})
        return subject

    return make


_SMALL = """\
schema: 1
id: small
name: Small
version: 0.1.0
description: Something small.
license: MIT
entry: plugin.py
tools: [{{name: {handler}, handler: {handler}}}]
"""


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


@pytest.fixture
def judged(sandbox: Sandbox) -> Callable[..., Judged]:
    """Run stages on a module and its tests, in a real sandbox; returns the results by name and the subject.

    With `handler` there is a manifest, too, with that one tool.
    """

    def judge(module: str, tests: str, *stages: Stage, handler: str = "", **more: Any) -> Judged:
        manifest = {"plugin.yaml": _SMALL.format(handler=handler)} if handler else {}
        files = {"plugin.py": module, "tests/test_plugin.py": tests, **manifest, **more.pop("files", {})}
        subject = Subject(
            candidate=Candidate(files={path: _bytes(text) for path, text in files.items()}),
            sandbox=sandbox,
            thresholds=more.pop("thresholds", Thresholds()),
            secret=more.pop("secret", b"secret"),
            **more,
        )
        return Judged({stage.name: stage.run(subject) for stage in stages}, subject)

    return judge


@pytest.fixture
def mutated(judged: Callable[..., Judged]) -> Callable[..., Judged]:
    """Run the stages up to "mutation" on a module and one test of its function `f` that does what is given.

    With `handler` it is a tool of the plugin as well.
    """

    def judge(module: str, *does: str, handler: str = "", **more: Any) -> Judged:
        lines = "".join(f"    {statement}\n" for statement in does)
        tests = f"import pytest\nfrom plugin import f\n\n\ndef test_f():\n{lines}"
        stages = (*([ManifestStage()] if handler else []), Tests(), Mutation())
        return judged(module, tests, *stages, handler=handler, **more)

    return judge
