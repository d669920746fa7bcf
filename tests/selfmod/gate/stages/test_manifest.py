"""Stage 2: the manifest by itself, and how it fits what is installed and what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from selfmod.gate.facts import Facts
from selfmod.gate.stages.manifest import ManifestStage, is_plain_pattern, looks
from selfmod.gate.subject import Installed, Subject
from selfmod.spec import Spec

Make = Callable[..., Subject]


def rules(subject: Subject) -> set[str]:
    return {item.rule for item in ManifestStage().run(subject).findings}


def with_line(good: dict[str, str], text: str, old: str = "") -> dict[str, str]:
    manifest = good["plugin.yaml"].replace(old, text) if old else good["plugin.yaml"] + text
    return good | {"plugin.yaml": manifest}


def test_a_good_manifest_passes_and_is_left_for_later_stages(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject(good)
    assert ManifestStage().run(subject).findings == ()
    assert subject.manifest is not None
    assert subject.manifest.id == "text-stats"


def test_a_manifest_that_is_not_there_is_said_once(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject({path: text for path, text in good.items() if path != "plugin.yaml"})
    assert rules(subject) == {"manifest.missing"}
    subject.refused.add("layout")  # which says that it is missing
    assert (rules(subject), ManifestStage().run(subject).verdict) == (set(), "not-run")


@pytest.mark.parametrize(
    "again",
    [
        "run = len",
        "from math import floor as run",
        "class run:\n    pass",
        "def _swap() -> None:\n    global run\n    run = len",
        "if True:\n    run = len",
        "for run in (len,):\n    pass",
    ],
)
def test_a_handler_whose_name_becomes_something_else_is_refused(
    make_subject: Make, good: dict[str, str], again: str
) -> None:
    assert "manifest.handler" in rules(make_subject(good | {"plugin.py": f"{good['plugin.py']}\n\n{again}\n"}))
    local = "def _other() -> int:\n    run = 1\n    return run"
    assert rules(make_subject(good | {"plugin.py": f"{good['plugin.py']}\n\n{local}\n"})) == set()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("", "colour: red\n", "manifest.unknown-field"),
        ("", "id: x\n", "manifest.duplicate-key"),
        ("", "author: &a x\n", "manifest.anchor"),
        ("license: MIT\n", "", "manifest.missing-field"),
        ("license: MIT", "license: Mine", "manifest.invalid-value"),
        ("license: MIT", "license: [", "manifest.syntax"),
        ("plugin.py", "other.py", "manifest.entry"),
        ("handler: run", "handler: stop", "manifest.handler"),
        ("", "runtime: wasm\n", "manifest.runtime"),
        ("", "sandbox: container\n", "manifest.sandbox"),
        ("", 'requires: ">=9"\n', "manifest.requires"),
        ("", 'dependencies: {missing: ">=1"}\n', "manifest.dependency"),
        ("", 'dependencies: {other: ">=2"}\n', "manifest.dependency"),
        ("", 'dependencies: {text-stats: ">=0"}\n', "manifest.dependency"),
        ("", "packages: [requests]\n", "manifest.package"),
        ("", 'packages: ["requests==2.0"]\n', "manifest.package"),
        ("", "commands: [{name: help, handler: run}]\n", "manifest.command-clash"),
        ("", "commands: [{name: count, handler: run}]\n", "manifest.command-clash"),
        ("", "commands: [{name: he1p, handler: run}]\n", "manifest.look-alike"),
        ("text-stats", "help", "manifest.command-clash"),
        ("text-stats", "other", "manifest.id-clash"),
        ("text-stats", "0ther".replace("0", "o") + "-", "manifest.look-alike"),
    ],
)
def test_each_rule_refuses(make_subject: Make, good: dict[str, str], old: str, new: str, rule: str) -> None:
    installed = Installed(plugins={"other": "1.0.0"}, commands={"help": "", "count": "other"})
    found = rules(make_subject(with_line(good, new, old), installed=installed))
    assert rule in found


def test_what_is_installed_and_pinned_is_admitted(make_subject: Make, good: dict[str, str]) -> None:
    installed = Installed(plugins={"other": "1.2.0"}, commands={"help": "", "stats": "text-stats"})
    files = with_line(good, 'dependencies: {other: ">=1,<2"}\ncommands: [{name: stats, handler: run}]\n')
    assert rules(make_subject(files, installed=installed)) == set()


def test_the_id_that_was_asked_for_is_the_id(make_subject: Make, good: dict[str, str]) -> None:
    assert rules(make_subject(good, spec=Spec(text="x", plugin="text-stats"))) == set()
    assert rules(make_subject(good, spec=Spec(text="x", plugin="other"))) == {"manifest.other-id"}


def test_a_change_keeps_the_id_and_raises_the_version(make_subject: Make, good: dict[str, str]) -> None:
    installed = Installed(plugins={"text-stats": "0.1.0"})
    changed = good | {"README.md": "# Text stats\n\nCounts the words. stats\n"}
    assert rules(make_subject(good, previous=good, installed=installed)) == set()
    assert rules(make_subject(changed, previous=good, installed=installed)) == {"manifest.version"}
    lower = with_line(changed, "0.0.9", "0.1.0")
    assert rules(make_subject(lower, previous=good, installed=installed)) == {"manifest.version"}
    before_release = with_line(changed, "0.1.0-rc.1", "0.1.0")
    assert rules(make_subject(before_release, previous=good, installed=installed)) == {"manifest.version"}
    higher = with_line(changed, "0.1.1", "0.1.0")
    assert rules(make_subject(higher, previous=good, installed=installed)) == set()
    renamed = with_line(higher, "text-other", "text-stats")
    assert rules(make_subject(renamed, previous=good, installed=installed)) == {"manifest.other-id"}


def test_a_new_plugin_cannot_take_an_id(make_subject: Make, good: dict[str, str]) -> None:
    installed = Installed(plugins={"text-stats": "0.1.0"})
    assert rules(make_subject(good, installed=installed)) == {"manifest.id-clash"}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("text-stats", "textstats", True),
        ("morn", "mom", True),
        ("modern", "modem", True),
        ("l0gin", "login", True),
        ("list", "1ist", True),
        ("vve", "we", True),
        ("clog", "dog", True),
        ("stats", "status", False),
    ],
)
def test_what_looks_alike(one: str, other: str, alike: bool) -> None:
    assert (looks(one) == looks(other)) is alike


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {"data": {"id": 1}, "problems": []},
        {"data": None, "problems": [{"rule": 1}]},
        {"failed": "MemoryError"},
    ],
)
def test_facts_of_the_wrong_shape_refuse(make_subject: Make, good: dict[str, str], said: Any) -> None:
    subject = make_subject(good)
    assert subject.facts is not None
    subject.facts = Facts(sections={**subject.facts.sections, "manifest": said})
    assert ManifestStage().run(subject).verdict == "refuse"
    assert subject.manifest is None


def test_no_facts_refuse(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject(good)
    subject.facts = Facts()
    assert rules(subject) == {"manifest.unreadable"}


@pytest.mark.parametrize("value", ["true", "1.0", "1e0", "'1'", "[1]"])
def test_the_schema_is_the_number_1_and_nothing_that_equals_it(
    make_subject: Make, good: dict[str, str], value: str
) -> None:
    assert rules(make_subject(with_line(good, f"schema: {value}", "schema: 1"))) == {"manifest.invalid-value"}


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ('{unit: {$ref: "https://evil.org/schema.json"}}', "manifest.config-reference"),
        ('{$schema: "https://evil.org/meta"}', "manifest.config-reference"),
        ('{properties: {a: {anyOf: [{$ref: "#"}]}}}', "manifest.config-reference"),
        ("{unit: {type: string, pattern: '^(a+)+$'}}", "manifest.config-pattern"),
        ("{properties: {a: {items: {pattern: 'a*a*a*b'}}}}", "manifest.config-pattern"),
        ("{patternProperties: {'^(x|x)+$': {type: string}}}", "manifest.config-pattern"),
    ],
)
def test_the_schema_of_settings_names_no_other_and_no_slow_pattern(
    make_subject: Make, good: dict[str, str], config: str, rule: str
) -> None:
    assert rules(make_subject(with_line(good, f"config: {config}\n"))) == {rule}


def test_an_ordinary_schema_of_settings_is_fine(make_subject: Make, good: dict[str, str]) -> None:
    config = "{properties: {unit: {type: string, pattern: '^[a-z]{1,9}$', default: km}, pattern: {type: string}}}"
    assert rules(make_subject(with_line(good, f"config: {config}\n"))) == set()


@pytest.mark.parametrize(
    "pattern",
    ["", "^$", "^[a-z]{2}$", r"^\d{4}-\d{2}-\d{2}$", "[A-Za-z0-9_.-]+", r"^[^\s]{1,5}\.\w+$", "colou?r", r"\$\d+"],
)
def test_patterns_that_are_quick(pattern: str) -> None:
    assert is_plain_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "a*a*b",
        "(?=x)",
        "a|b",
        r"(a)\1",
        "[a-z]+[a-z]+",
        "x{1,}y+",
        "a{1,5}{2}",
        "[a",
        "a**",
        "a?a?a?a?aaaa",
        "a{999}",
    ],
)
def test_patterns_that_may_not_be(pattern: str) -> None:
    assert not is_plain_pattern(pattern)


@pytest.mark.parametrize("before", [False, True])
def test_a_version_leaves_room_for_those_after_it(make_subject: Make, good: dict[str, str], before: bool) -> None:
    for version, expected in (("2026.1.0", set()), ("999999999.0.0", {"manifest.version-jump"})):
        files = with_line(good, f"version: {version}", "version: 0.1.0")
        assert rules(make_subject(files, previous=good if before else None)) == expected
