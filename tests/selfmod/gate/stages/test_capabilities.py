"""Stage 4: what the code uses is what is declared, no more than allowed; and what could flow where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from selfmod.gate.stages.capabilities import Capabilities, covers, flows, observed_names
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.subject import Installed, ObservedAsk, Subject
from selfmod.spec import Spec

Make = Callable[..., Subject]


USING = '''\
"""Sends notes."""

from plugins.sdk import environment, files, http


def run(name: str) -> str:
    """Send a note and return the answer."""
    http.get("https://api.example.org/x")
    files.read("~/notes/a.txt")
    files.read(name)
    return environment.get("TOKEN")
'''
DECLARED = """\
capabilities: {network: ["api.example.org:443"], filesystem: {read: ["~/notes"]}, environment: [TOKEN]}
"""


def judged(subject: Subject) -> list[tuple[str, str]]:
    ManifestStage().run(subject)
    return [(item.rule, item.id.rpartition(":")[2]) for item in Capabilities().run(subject).findings]


def plugin(good: dict[str, str], source: str, declared: str) -> dict[str, str]:
    return good | {"plugin.py": source, "plugin.yaml": good["plugin.yaml"] + declared}


def test_what_is_declared_and_used_passes(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject(plugin(good, USING, DECLARED))
    assert judged(subject) == []
    assert subject.reach is not None
    assert subject.reach.inferred == ("network:api.example.org:443", "read:~/notes/a.txt", "environment:TOKEN")
    assert subject.reach.enforced == ("read",)
    assert subject.reach.new == subject.reach.declared
    assert "can send ~/notes to api.example.org" in subject.reach.flows
    assert subject.uses is not None
    assert [use.line for use in subject.uses] == [8, 9, 10, 11]


@pytest.mark.parametrize(
    ("source", "declared", "rule"),
    [
        (USING, "", "capabilities.undeclared"),
        (USING, DECLARED.replace("api.example.org", "b.org"), "capabilities.uncovered"),
        (USING, DECLARED.replace("~/notes", "~/other"), "capabilities.uncovered"),
        (USING, DECLARED.replace("TOKEN", "OTHER"), "capabilities.uncovered"),
        (USING, DECLARED.replace(":443", ':443", "c.org:443'), "capabilities.unused"),
        (
            USING,
            DECLARED.replace("}}", "}, storage: true}").replace("]}\n", "], storage: true}\n"),
            "capabilities.unused",
        ),
        (USING, DECLARED + "effects: [clock]\n", "capabilities.unused"),
        (USING.replace("files.read(name)", "print(files)"), DECLARED, "capabilities.indirect"),
        (USING.replace("environment, files, http", "*"), DECLARED, "capabilities.indirect"),
        ("import time\n\n\ndef run(a: str) -> float:\n    return time.time()\n", "", "capabilities.undeclared"),
    ],
)
def test_each_difference_refuses(
    make_subject: Make, good: dict[str, str], source: str, declared: str, rule: str
) -> None:
    assert rule in {found for found, _ in judged(make_subject(plugin(good, source, declared)))}


def test_the_spec_is_the_ceiling(make_subject: Make, good: dict[str, str]) -> None:
    files = plugin(good, USING, DECLARED)
    allowed = ("network:api.example.org:443", "read:~", "environment:TOKEN")
    missing = make_subject(files, spec=Spec(text="x", allow=("network:api.example.org:443", "read:~/notes")))
    assert judged(missing) == [("capabilities.beyond-spec", "TOKEN")]
    assert judged(make_subject(files, spec=Spec(text="x", allow=(*allowed[:1], "read:~/notes", allowed[2])))) == []
    assert len(judged(make_subject(files, spec=Spec(text="x")))) == 3


def test_what_was_approved_before_stays_allowed_and_is_not_new(make_subject: Make, good: dict[str, str]) -> None:
    files = plugin(good, USING, DECLARED)
    given = frozenset({"network:api.example.org:443", "read:~/notes", "environment:TOKEN"})
    installed = Installed(granted={"text-stats": given})
    subject = make_subject(files, previous=files, spec=Spec(text="x", change=True), installed=installed)
    assert judged(subject) == []
    assert subject.reach is not None
    assert subject.reach.new == ()


def test_what_the_version_before_declares_and_nobody_here_granted_is_new(
    make_subject: Make, good: dict[str, str]
) -> None:
    files = plugin(good, USING, DECLARED)
    subject = make_subject(files, previous=files, spec=Spec(text="x", change=True))
    assert len(judged(subject)) == 3
    assert subject.reach is not None
    assert subject.reach.new == subject.reach.declared


@pytest.mark.parametrize(
    ("declared", "name", "covered"),
    [
        ("read:~/notes", "read:~/notes", True),
        ("read:~/notes", "read:~/notes/a/b", True),
        ("read:~/notes", "read:~/notes2", False),
        ("read:~/notes", "read:~/notes/../x", False),
        ("read:~/notes", "write:~/notes/a", False),
        ("write:~/notes", "read:~/notes/a", True),
        ("write:~/notes", "read:~/notes", True),
        ("write:~/notes", "read:~/notes2", False),
        ("write:~/notes", "read:~/notes/../x", False),
        ("network:a.org:443", "network:a.org:443", True),
        ("network:a.org:443", "network:a.org:443/x", False),
        ("environment:A", "environment:A/B", False),
    ],
)
def test_covering(declared: str, name: str, covered: bool) -> None:
    assert covers(declared, name) is covered


def test_flows_say_what_could_go_where() -> None:
    assert flows(["network:a.org:443", "read:~/n", "environment:T", "write:~/o"]) == (
        "can write what a.org answers to ~/o",
        "can send ~/n to a.org",
        "can copy ~/n to ~/o",
        "can send the variable T to a.org",
        "can copy the variable T to ~/o",
        "can send ~/o to a.org",
    )


def test_what_may_be_written_may_go_elsewhere_too() -> None:
    assert flows(["network:a.org:443", "read:~/n", "write:~/n", "write:~/o"]) == (
        "can write what a.org answers to ~/n",
        "can write what a.org answers to ~/o",
        "can send ~/n to a.org",
        "can copy ~/n to ~/o",
        "can send ~/o to a.org",
        "can copy ~/o to ~/n",
    )


KEEPING = '''\
"""Keeps notes."""

from plugins.sdk import files

_FOLDER = "~/notes"


def run(name: str) -> str:
    """Add a sign to a note and return it."""
    text = files.read_text(f"{_FOLDER}/{name}") + files.read_text("~/notes/first.txt") + "."
    files.write_text(f"{_FOLDER}/{name}", text)
    return text
'''
WRITES = 'capabilities: {filesystem: {write: ["~/notes"]}}\n'


def test_what_may_be_written_may_be_read_back(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject(plugin(good, KEEPING, WRITES))
    assert judged(subject) == []
    assert subject.reach is not None
    assert (subject.reach.declared, subject.reach.inferred) == (("write:~/notes",), ("read:~/notes/first.txt",))
    assert subject.reach.enforced == ("read", "write")
    elsewhere = make_subject(plugin(good, KEEPING.replace("~/notes/first", "~/other"), WRITES))
    assert judged(elsewhere) == [("capabilities.uncovered", "~/other.txt")]


def test_a_folder_that_is_only_read_is_not_declared_for_writing(make_subject: Make, good: dict[str, str]) -> None:
    reading = KEEPING.replace("    files.write_text(", "    print(")
    assert judged(make_subject(plugin(good, reading, WRITES))) == [("capabilities.unused", "~/notes")]


def test_the_hint_of_what_is_missing_can_be_typed_into_the_manifest(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject(plugin(good, KEEPING, ""))
    ManifestStage().run(subject)
    hints = [item.hint for item in Capabilities().run(subject).findings]
    assert hints == [
        'add to plugin.yaml, with the PATH it needs: capabilities: {filesystem: {read: ["PATH"]}}',
        'add to plugin.yaml: capabilities: {filesystem: {read: ["~/notes/first.txt"]}}',
        'add to plugin.yaml, with the PATH it needs: capabilities: {filesystem: {write: ["PATH"]}}',
    ]


def test_what_the_tests_asked_for_has_the_same_names() -> None:
    asks = [
        ObservedAsk(op="http.request", argument={"url": "https://a.org/x"}),
        ObservedAsk(op="files.read", argument={"path": "~/n"}),
        ObservedAsk(op="files.write", argument={"path": "~/o"}),
        ObservedAsk(op="environment.get", argument={"name": "T"}),
        ObservedAsk(op="storage.set", argument={"key": "k"}),
        ObservedAsk(op="clock.now", argument=None),
        ObservedAsk(op="tcp.open", argument={"host": "b.org", "port": 43, "timeout_s": 3.0}),
        ObservedAsk(op="tcp.send", argument={"handle": 1, "data": b"x"}),
        ObservedAsk(op="tcp.receive", argument={"handle": 1, "size": 9}),
        ObservedAsk(op="http.read", argument={"handle": 2, "size": 9}),
        ObservedAsk(op="log", argument={}),
        ObservedAsk(op="http.request", argument={"url": "https://[bad"}),
    ]
    assert observed_names(asks) == (
        *("network:a.org:443", "read:~/n", "write:~/o", "environment:T", "storage", "effect:clock"),
        *("network:b.org:43", "network"),
    )
