"""What a model that writes whole files is told: the format, the dialect, the request, and what was wrong last time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from selfmod.candidate import Candidate
from selfmod.examples import TEST_HEAD, TEST_PATH, example_tests
from selfmod.gate.base import Finding
from selfmod.gate.report import GateReport
from selfmod.gate.stages.layout import module_of
from selfmod.models.base import Message, Request
from selfmod.models.quoted import RULE, quoted, quoted_json, unturned
from selfmod.models.structured import files_schema, read_files
from selfmod.models.tokens import estimate
from selfmod.spec import Example, Spec

MAX_TOKENS: Final = 12_000
TEMPERATURE: Final = 0.2
PREVIOUS_TOKENS: Final = 24_000
_MAX_FINDINGS: Final = 30
_MAX_FINDING: Final = 600
_ONLY_HELD_BACK: Final = "It does not do what was asked for in cases that are not among the examples."
_MAX_REPLY: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One attempt that did not pass: its raw reply, and a `problem` with that reply, or the gate's report."""

    attempt: int
    reply: str
    problem: str = ""
    report: GateReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a request brings along: the version to change, what of our API fits, and earlier rejections of the like."""

    previous: Candidate | None = None
    api: str = ""
    rejections: tuple[str, ...] = ()
    texts: tuple[str, ...] = field(default=())


class WholeFiles:
    """Asks for a whole plugin, and for a better one after each refusal."""

    mode: Final = "files"

    def __init__(self, spec: Spec, material: Material) -> None:
        self._spec, self._material = spec, material

    def request(self, attempt: int, last: Round | None) -> Request:
        """The question of one attempt; `last` is the round before it."""
        messages = [Message(role="system", content=system()), Message(role="user", content=self._asked())]
        if last is not None:
            messages.append(Message(role="assistant", content=unturned(last.reply[:_MAX_REPLY]) or "(nothing)"))
            messages.append(Message(role="user", content=what_was_wrong(last, self._spec)))
        return Request(
            messages=tuple(messages),
            max_tokens=MAX_TOKENS,
            temperature=TEMPERATURE,
            seed=attempt,
            schema=files_schema(),
        )

    def read(self, reply: str, *, cut: bool) -> Candidate:
        """The files of a reply, with the tests that the host writes in their place.

        Of the version to change, the files that were not shown stay as they are: nobody asked to drop them.
        """
        written = read_files(reply, cut=cut).candidate()
        previous = self._material.previous
        unseen = {} if previous is None else {path: previous.files[path] for path in _unseen(previous)}
        return with_host_tests(Candidate(files={**unseen, **written.files}), self._spec)

    def _asked(self) -> str:
        parts = [f"Request:\n{self._spec.text}"]
        parts += [f"The person adds:\n{text}" for text in self._material.texts]
        if self._spec.shown:
            sources = "\n".join(example.source for example in self._spec.shown)
            parts.append(f"Examples of results (not all there are; {TEST_PATH} tests these, leave it out):\n{sources}")
        parts.append(_allowed(self._spec))
        if self._spec.plugin:
            parts.append(f"The plugin's id is {self._spec.plugin}.")
        if self._material.previous is not None:
            parts.append(f"Change this plugin; answer with every file it then has:\n{_shown(self._material.previous)}")
            unseen = _unseen(self._material.previous)
            if unseen:
                names = quoted(", ".join(unseen))
                parts.append(f"It also has these files, left out here; they stay unless you write them:\n{names}")
        if self._material.api:
            parts.append(f"The part of the SDK that may fit:\n{self._material.api}")
        if self._material.rejections:
            reasons = "\n".join(f"- {reason}" for reason in self._material.rejections)
            parts.append(f"Earlier proposals of the like were rejected by the person, because:\n{reasons}")
        return "\n\n".join(parts)


def with_host_tests(candidate: Candidate, spec: Spec) -> Candidate:
    """Put the tests from the shown examples in place; no author can edit or drop them."""
    return _with_tests(candidate, spec.shown)


def with_answers(candidate: Candidate, spec: Spec, *, by_model: bool) -> Candidate:
    """The same files with tests from the examples that the person added; from nobody's own work is anything held back.

    A file of their own that a person has in that place stays: then the gate alone holds the examples against the code.
    """
    if by_model:
        return with_host_tests(candidate, spec)
    own = candidate.files.get(TEST_PATH, b"")
    return candidate if own and not own.startswith(TEST_HEAD.encode()) else _with_tests(candidate, spec.examples)


def _with_tests(candidate: Candidate, examples: Iterable[Example]) -> Candidate:
    module = (module_of(candidate) or "plugin.py").removesuffix(".py")
    written = example_tests(examples, module=module)
    kept = {path: data for path, data in candidate.files.items() if path != TEST_PATH}
    return Candidate(files={**kept, TEST_PATH: written} if written else kept)


def what_was_wrong(last: Round, spec: Spec) -> str:
    """The findings for the next attempt, without a word of the examples that were held back."""
    if last.problem:
        problem = quoted(last.problem)
        return f"That could not be read:\n{problem}\nAnswer again, with the whole JSON object and nothing else."
    findings = [item for item in _refusing(last.report) if not _tells(item, spec)]
    lines = [_line(item) for item in findings[:_MAX_FINDINGS]]
    if len(findings) > _MAX_FINDINGS:
        lines.append(f"... and {len(findings) - _MAX_FINDINGS} more")
    said = quoted("\n".join(lines)) if lines else _ONLY_HELD_BACK
    return f"The gate refused that:\n{said}\nAnswer with every file again, corrected, as the whole JSON object."


def failure(last: Round) -> tuple[str, ...]:
    """What makes two failures the same: the rules that were broken, and where."""
    if last.problem:
        return ("unreadable",)
    return tuple(sorted({f"{item.rule}:{item.path}" for item in _refusing(last.report)}))


def _refusing(report: GateReport | None) -> list[Finding]:
    found = report.findings if report is not None else ()
    return [item for item in found if not item.advisory and not item.waived]


def _tells(item: Finding, spec: Spec) -> bool:
    """Whether a finding holds the words of an example that was held back."""
    words = f"{item.message} {item.id} {item.hint}"
    return any(example.call in words or example.source in words for example in spec.examples if example.held_back)


def _line(item: Finding) -> str:
    where = f" ({item.path}{f':{item.line}' if item.line else ''})" if item.path else ""
    hint = f" -> {item.hint}" if item.hint else ""
    return f"- {item.rule}{where}: {item.message[:_MAX_FINDING]}{hint}"


def _allowed(spec: Spec) -> str:
    if not spec.allow:
        return "It may touch nothing of the outside: no network, no files, no clock, no randomness."
    return f"It may use at most these capabilities, each declared in plugin.yaml: {', '.join(spec.allow)}."


def _shown(candidate: Candidate) -> str:
    files = [{"path": path, "content": candidate.files[path].decode("utf-8", "replace")} for path in _seen(candidate)]
    return quoted_json({"files": files})


def _seen(candidate: Candidate) -> tuple[str, ...]:
    """The files that fit into a question, the module and the manifest first; recorded data never does."""
    seen, left = [], PREVIOUS_TOKENS
    for path in sorted(
        candidate.files, key=lambda path: (path.startswith("tests/"), not path.startswith("plugin"), path)
    ):
        cost = estimate(candidate.files[path].decode("utf-8", "replace"))
        if path != TEST_PATH and not path.startswith("tests/data/") and cost <= left:
            seen.append(path)
            left -= cost
    return tuple(seen)


def _unseen(candidate: Candidate) -> tuple[str, ...]:
    seen = {*_seen(candidate), TEST_PATH}
    return tuple(path for path in sorted(candidate.files) if path not in seen)


def system() -> str:
    """What every request begins with."""
    from sandbox.language import DIALECT, TEST_DIALECT

    return (
        f"{_FORMAT}\n\n{DIALECT}\n{TEST_DIALECT}{_TESTS}\n\n{RULE}\n\nA complete answer looks like this:\n{_sample()}"
    )


_FORMAT: Final = """\
You write plugins for Ratchet. A plugin is plain Python plus a manifest. Answer with one JSON object and nothing else:
{"summary": "one sentence", "files": [{"path": "...", "content": "..."}]}
Every file whole, no diffs, no placeholders. The files:
- plugin.yaml: schema 1, id (lower case and hyphens), name, version (0.1.0 for a new plugin), description, license
  (SPDX), entry: plugin.py, and tools and commands as [{name, handler, description}]; where needed effects: [clock,
  random] and capabilities: {network: ["host:443"], filesystem: {read: [], write: []}, environment: [], storage: true}.
- plugin.py: public functions with type hints and docstrings; the handlers are functions in it.
- tests/test_plugin.py: pytest functions, `from plugin import ...`. They decide about the plugin: every line and branch
  is run, and each changed operator, constant or condition in plugin.py makes a test fail, by comparing exact values.
- README.md: what it does, with one example of each tool and command and what it gives, which is checked, and the
  name of each variable, file and host that it asks for; in English, as are names and docstrings."""

_TESTS: Final = "Expected values are written out by hand, never computed with the plugin."


def _sample() -> str:
    files: Sequence[tuple[str, str]] = (
        ("plugin.yaml", _YAML),
        ("plugin.py", _CODE),
        (_TEST, _TEST_CODE),
        ("README.md", _DOC),
    )
    listed = [{"path": path, "content": content} for path, content in files]
    return json.dumps({"summary": "Counts the words of a text.", "files": listed})


_TEST: Final = "tests/test_plugin.py"
_YAML: Final = """\
schema: 1
id: word-count
name: Word count
version: 0.1.0
description: Count the words of a text.
license: MIT
entry: plugin.py
tools: [{name: count, handler: count, description: Count the words of a text}]
commands: [{name: word-count, handler: count, description: Count the words of a text}]
"""
_CODE: Final = '''\
"""Count the words of a text."""


def count(text: str) -> int:
    """Return how many words `text` has."""
    return len(text.split())
'''
_TEST_CODE: Final = """\
from plugin import count


def test_words_are_counted():
    assert count("one two  three") == 3


def test_nothing_has_no_words():
    assert count("") == 0
"""
_DOC: Final = """\
# Word count

Counts the words of a text.

    /word-count one two three

The tool `count` does the same: `count("one two three")` gives 3.
"""
