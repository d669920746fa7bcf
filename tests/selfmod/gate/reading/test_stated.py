"""What could leave is named in the README, and no text denies what the manifest asks for or the code does."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from selfmod.gate.stages.docs import Docs
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.subject import Subject

Make = Callable[..., Subject]
Found = Callable[..., list[tuple[str, str]]]

NET = 'network: ["example.org:443"]'
VARIABLES = f"{NET}, environment: [USER, API_KEY]"
NOTES = 'filesystem: {read: ["~/my-notes"]}'
REPORTS = 'filesystem: {write: ["~/reports"]}'
STORAGE = "storage: true"


@pytest.fixture
def found(make_subject: Make, good: dict[str, str]) -> Found:
    """What is found of a good plugin that asks for something, and says more."""

    def rules(asked: str, readme: str = "", **files: str) -> list[tuple[str, str]]:
        manifest = f"{good['plugin.yaml']}commands: [{{name: words, handler: run}}]\ncapabilities: {{{asked}}}\n"
        said = {"README.md": f"{good['README.md']}\n{readme}\n", "plugin.yaml": manifest}
        module = {"plugin.py": files["module"]} if files else {}
        subject = make_subject(good | said | module)
        ManifestStage().run(subject)
        findings = Docs().run(subject).findings
        return [(item.rule, item.path) for item in findings if item.rule in ("docs.unnamed", "docs.denied")]

    return rules


@pytest.mark.parametrize(
    ("asked", "readme", "unnamed"),
    [
        (VARIABLES, "Asks example.org.", 2),
        (VARIABLES, "The user sends `API_KEY`.", 1),
        (VARIABLES, "It sends USER and `API_KEY_2`.", 1),
        (VARIABLES, "It sends `USER` and $API_KEY.", 0),
        (f"{NET}, {NOTES}", "Asks example.org for words.", 1),
        (f"{NET}, {NOTES}", "Asks example.org for words in My Notes.", 0),
        (f"{NET}, {NOTES}", "Words in `~/my-notes/` are looked up.", 0),
        (f"{NET}, {NOTES}", "Words in notes are looked up.", 1),
        # Nothing can send these anywhere, or they are often told in other words: advice.
        ("environment: [API_KEY]", "", 0),
        (NOTES, "", 0),
        (REPORTS, "", 0),
        (NET, "", 0),
    ],
)
def test_what_could_leave_is_named(found: Found, asked: str, readme: str, unnamed: int) -> None:
    assert found(asked, readme) == [("docs.unnamed", "README.md")] * unnamed


def test_that_the_rest_is_named_is_advice(make_subject: Make, good: dict[str, str]) -> None:
    asked = f"{good['plugin.yaml']}capabilities: {{{NET}, {REPORTS}}}\n"
    for more, rules in (("", ["docs.unnamed-rest"] * 2), ("Asks example.org, writes to `~/reports`.", [])):
        subject = make_subject(good | {"plugin.yaml": asked, "README.md": f"{good['README.md']}\n{more}\n"})
        ManifestStage().run(subject)
        result = Docs().run(subject)
        assert [item.rule for item in result.findings] == rules
        assert result.verdict == "pass"


DENIALS = [
    (STORAGE, "Nothing is kept."),
    (STORAGE, "The words are counted, and nothing is stored."),
    (STORAGE, "It counts words and keeps\nnothing."),
    (STORAGE, "It saves nothing at all, and is fast."),
    (REPORTS, "Nothing is remembered, it just counts in reports."),
    (STORAGE, "Es wird nichts gespeichert."),
    (STORAGE, "Das Plugin speichert nichts."),
    (STORAGE, "Rien n'est enregistré."),
    (REPORTS, "It shows reports and writes nothing."),
    (REPORTS, "It shows reports; nothing is ever written."),
    (REPORTS, "Es liest reports und schreibt nichts."),
    (NOTES, "It reads nothing, my notes neither."),
    (f"{NET}, {NOTES}", "The town is all that is sent."),
    (f"{NET}, {NOTES}", "It sends the town and nothing else."),
    (f"{NET}, {NOTES}", "Nothing leaves this computer."),
    (f"{NET}, {NOTES}", "Only the name of the town is sent."),
    (f"{NET}, {NOTES}", "Gesendet wird der Ort, sonst nichts."),
]


@pytest.mark.parametrize(("asked", "readme"), DENIALS)
def test_what_is_asked_for_is_not_denied(found: Found, asked: str, readme: str) -> None:
    assert ("docs.denied", "README.md") in found(asked, readme)
    assert found("storage: false", readme) == []  # true where nothing is asked for


@pytest.mark.parametrize(
    ("asked", "readme"),
    [
        (NOTES, "It reads `~/my-notes` and writes nothing."),
        (NOTES, "It reads `~/my-notes` and nothing else; nothing is kept."),
        (STORAGE, "The last three additions can be taken back."),
        (STORAGE, "It keeps nothing but the speed."),
        (STORAGE, "Nothing but the speed is kept. Nothing else is stored."),
        (STORAGE, "An unknown unit is refused, and nothing is stored."),
        (STORAGE, "If the text is empty, nothing is kept."),
        (STORAGE, "A habit without marks is forgotten."),
        (STORAGE, "It writes nothing to files and reads nothing."),
        (REPORTS, "It writes nothing outside of `~/reports`."),
        (STORAGE, "The speed is kept, the words are not kept."),
        (NET, "It sends the name of the town and nothing else."),
        (f"{NET}, {NOTES}", "It sends the first line of what is in `~/my-notes` and nothing else."),
        (VARIABLES, "`API_KEY` and `USER` are all that is sent beside the town; nothing else leaves."),
    ],
)
def test_what_is_true_can_be_said(found: Found, asked: str, readme: str) -> None:
    assert found(asked, readme) == []


def test_docstrings_and_the_description_deny_nothing(found: Found, good: dict[str, str]) -> None:
    module = good["plugin.py"].replace("Counts words.", "Counts words. Nothing is kept.")
    assert found(STORAGE, module=module) == [("docs.denied", "plugin.py")]
    tests = f"{good['plugin.py']}\n\n# nothing is kept in this branch\n"
    assert found(STORAGE, module=tests) == []


def test_the_description_denies_nothing(make_subject: Make, good: dict[str, str]) -> None:
    manifest = good["plugin.yaml"].replace("of a text.", "of a text. Keeps nothing.")
    for asked, rules in ((STORAGE, ["docs.denied"]), ("storage: false", [])):
        subject = make_subject(good | {"plugin.yaml": f"{manifest}capabilities: {{{asked}}}\n"})
        ManifestStage().run(subject)
        assert [item.rule for item in Docs().run(subject).findings] == rules


MODULE = '''\
"""Keeps words."""

from plugins.sdk import storage


def run(text: str) -> int:
    """Keep how many words there are."""
    _keep(text)
    return 1


def _keep(text: str) -> None:
    storage.set("words", text)


def preview(text: str) -> str:
    """Show what would be kept. Nothing is stored."""
    return text
'''


def test_of_a_function_is_said_what_is_true_of_it(found: Found) -> None:
    assert found(STORAGE, module=MODULE) == []
    lying = MODULE.replace("Keep how many words there are.", "Count words. Nothing is stored.")
    assert found(STORAGE, module=lying) == [("docs.denied", "plugin.py")]
    without = MODULE.replace("    _keep(text)\n", "")
    assert found(STORAGE, "`words` counts. Nothing is stored.", module=without) == []
    assert found(STORAGE, "`words` counts. Nothing is stored.", module=MODULE) == [("docs.denied", "README.md")]


KEEPING = '''\
"""Keeps words."""

from hashlib import sha256
from plugins.sdk import files, storage


def run(text: str, other: str = "") -> int:
    """Return how many words there are."""
    {}
    return 1


def _count(given: str) -> int:
    return len(given.split())


def _same(given: str) -> str:
    return given.strip()


def _put(key: str, value: object) -> None:
    storage.set(key, value)
'''
PARTS = [
    "Nothing of the text is kept.",
    "Nothing is stored of the text.",
    "The text is counted, and forgotten.",
    "The text is not stored.",
    "Texts are never saved.",
    "No text is kept.",
    "It does not keep the text.",
    "Von text wird nichts gespeichert.",
    "Der text wird gezählt und vergessen.",
]


@pytest.mark.parametrize("readme", PARTS)
def test_what_is_kept_of_a_parameter_is_not_denied(found: Found, readme: str) -> None:
    keeping = KEEPING.format("storage.set('last', [*storage.get('last', []), text][-9:])")
    measuring = KEEPING.format("storage.set('last', len(text.split()))")
    assert found(STORAGE, readme, module=keeping) == [("docs.denied", "README.md")]
    assert found(STORAGE, readme, module=measuring) == []


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("storage.set('last', text)", True),
        ("storage.set(key='last', value={'text': text.lower()})", True),
        ("storage.set(text, 1)", True),
        ("files.write_text('~/a', text)", True),
        ("part = text[:20]; storage.set('last', part)", True),
        ("rows = []; rows.append(text); storage.set('last', rows)", True),
        ("rows = {}; rows[text] = 1; storage.set('last', rows)", True),
        ("storage.set('last', [word for word in text.split()])", True),
        ("_put('last', text)", True),
        ("_put(value=text, key='last')", True),
        ("storage.set('last', _same(text))", True),
        ("storage.set('last', other)", False),
        ("storage.set('last', _count(text))", False),
        ("_put('last', len(text))", False),
        ("storage.set('last', sha256(text.encode()).hexdigest())", False),
        ("storage.set('last', text == other)", False),
        ("size = len(text); storage.set('last', size)", False),
        ("storage.get(text)", False),
    ],
)
def test_what_of_a_parameter_is_kept(found: Found, line: str, kept: bool) -> None:
    denied = found(STORAGE, "Nothing of the text is kept.", module=KEEPING.format(line))
    assert denied == [("docs.denied", "README.md")] * kept


def test_long_texts_are_read_in_time(found: Found) -> None:
    began = time.monotonic()
    for part in ("the text is ", "nothing of ", "sends ", "only a "):
        found(f"{VARIABLES}, {STORAGE}", part * 5000)
    assert time.monotonic() - began < 20
