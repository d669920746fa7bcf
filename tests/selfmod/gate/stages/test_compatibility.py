"""Stage 10: the version step must be at least what callers will notice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from selfmod.gate.stages.compatibility import Compatibility, Step, smallest
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.subject import Subject

Make = Callable[..., Subject]


def rules(subject: Subject) -> set[str]:
    ManifestStage().run(subject)
    return {item.rule for item in Compatibility().run(subject).findings if not item.advisory}


def changed(good: dict[str, str], version: str, old: str, new: str, path: str = "plugin.py") -> dict[str, str]:
    files = good | {path: good[path].replace(old, new)}
    assert files != good
    return files | {"plugin.yaml": files["plugin.yaml"].replace("version: 1.0.0", f"version: {version}")}


@pytest.fixture
def first(good: dict[str, str]) -> dict[str, str]:
    """The approved version, 1.0.0."""
    return good | {"plugin.yaml": good["plugin.yaml"].replace("0.1.0", "1.0.0")}


def test_it_does_not_apply_without_a_version_before(make_subject: Make, good: dict[str, str]) -> None:
    subject = make_subject(good)
    ManifestStage().run(subject)
    result = Compatibility().run(subject)
    assert (result.verdict, result.applicable) == ("pass", False)


def test_the_same_bytes_need_no_step(make_subject: Make, first: dict[str, str]) -> None:
    assert rules(make_subject(first, previous=first)) == set()


@pytest.mark.parametrize(
    ("old", "new", "path", "enough", "too_small"),
    [
        ("count = 0", "count = 00", "plugin.py", "1.0.1", "1.0.0"),
        ("text: str", "text: str, least: int = 1", "plugin.py", "1.1.0", "1.0.1"),
        (
            "\n\ndef run",
            '\n\ndef other() -> int:\n    """Return one."""\n    return 1\n\n\ndef run',
            "plugin.py",
            "1.1.0",
            "1.0.1",
        ),
        ("tools:", "commands: [{name: x, handler: run}]\ntools:", "plugin.yaml", "1.1.0", "1.0.1"),
        ("text: str", "text: str, least: int", "plugin.py", "2.0.0", "1.1.0"),
        ("text: str", "words: str", "plugin.py", "2.0.0", "1.9.9"),
        ("name: stats", "name: numbers", "plugin.yaml", "2.0.0", "1.1.0"),
    ],
)
def test_each_change_needs_its_step(
    make_subject: Make, first: dict[str, str], old: str, new: str, path: str, enough: str, too_small: str
) -> None:
    assert rules(make_subject(changed(first, enough, old, new, path), previous=first)) == set()
    refused = rules(make_subject(changed(first, too_small, old, new, path), previous=first))
    assert refused & {"compatibility.version-step", "compatibility.unchanged-version"}


def test_below_one_the_second_number_breaks(make_subject: Make, good: dict[str, str]) -> None:
    broken = good | {"plugin.py": good["plugin.py"].replace("text: str", "text: str, least: int")}
    small = broken | {"plugin.yaml": good["plugin.yaml"].replace("0.1.0", "0.1.1")}
    enough = broken | {"plugin.yaml": good["plugin.yaml"].replace("0.1.0", "0.2.0")}
    assert rules(make_subject(small, previous=good)) == {"compatibility.version-step"}
    assert rules(make_subject(enough, previous=good)) == set()


def test_more_capabilities_are_a_step_of_their_own(make_subject: Make, first: dict[str, str]) -> None:
    wider = changed(first, "1.0.1", "tools:", "effects: [clock]\ntools:", "plugin.yaml")
    assert rules(make_subject(wider, previous=first)) == {"compatibility.version-step"}


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "major", "2.0.0"),
        ("0.2.3", "major", "0.3.0"),
        ("0.2.3", "minor", "0.2.4"),
        ("1.2.3-rc.1", "none", "1.2.3-rc.1"),
    ],
)
def test_the_smallest_honest_version(before: str, step: Step, after: str) -> None:
    assert smallest(before, step) == after


def test_what_breaks_is_named(make_subject: Make, first: dict[str, str]) -> None:
    subject = make_subject(changed(first, "1.1.0", "text: str", "words: str"), previous=first)
    ManifestStage().run(subject)
    result = Compatibility().run(subject)
    assert any("run" in item.message for item in result.findings if item.rule == "compatibility.breaking")
    assert "2.0.0" in result.findings[0].hint


def test_another_function_behind_a_tool_is_a_break_though_the_old_one_is_still_there(
    make_subject: Make, first: dict[str, str]
) -> None:
    more = (
        first["plugin.py"]
        + '\n\ndef other(text: str) -> int:\n    """Return how long a text is."""\n    return len(text)\n'
    )
    moved = first["plugin.yaml"].replace("handler: run", "handler: other")
    for version, expected in (("1.1.0", {"compatibility.version-step"}), ("2.0.0", set())):
        files = first | {"plugin.py": more, "plugin.yaml": moved.replace("version: 1.0.0", f"version: {version}")}
        assert rules(make_subject(files, previous=first)) == expected


WORSE = "import enum as _enum\n\n\nclass Worse(LookupError):\n    pass\n\n\nclass Wrong(ValueError, Worse):\n    pass\n"


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (WORSE + "\n\nMORE = 1\n", "minor"),
        (WORSE.replace("(ValueError, Worse)", "(Exception, Worse)"), "major"),
        (WORSE.replace("(ValueError, Worse)", "(ValueError)"), "major"),
        (WORSE.replace("(LookupError)", "(Exception)"), "major"),
        (WORSE.replace("(ValueError, Worse)", "(Worse, ValueError)"), "patch"),
        ("class _Own(ValueError):\n    pass\n\n\n" + WORSE.replace("(ValueError,", "(_Own,"), "patch"),
        (
            WORSE.replace("(LookupError)", "(LookupError, ValueError)").replace("(ValueError, Worse)", "(Worse)"),
            "major",
        ),
    ],
)
def test_a_class_that_is_no_longer_what_it_was_is_a_break(
    make_subject: Make, first: dict[str, str], now: str, step: Step
) -> None:
    before = first | {"plugin.py": first["plugin.py"] + "\n\n" + WORSE}
    after = changed(before, "1.0.1", WORSE, now, "plugin.py")
    subject = make_subject(after, previous=before)
    ManifestStage().run(subject)
    assert Compatibility().run(subject).figures["needed"] == step
