"""Stage 0 refuses by name and size alone; each rule is shown refusing, and good layouts pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from selfmod.candidate import Candidate, Unread, candidate_from_json
from selfmod.gate.stages.layout import Layout, check, is_admitted
from selfmod.gate.subject import Subject
from selfmod.gate.thresholds import Thresholds

NEEDED = {"plugin.yaml": b"", "plugin.py": b"", "tests/test_plugin.py": b""}


def rules(files: dict[str, bytes], unread: tuple[Unread, ...] = ()) -> set[str]:
    return {item.rule for item in check(Candidate(files=NEEDED | files, unread=unread), Thresholds())}


@pytest.mark.parametrize(
    "path",
    ["README.md", "LICENSE", "tests/test_more.py", "tests/data/a.json", "tests/data/b/c.txt", "tests/data/x.csv"],
)
def test_what_a_plugin_may_have(path: str) -> None:
    assert rules({path: b"x"}) == set()
    assert is_admitted(path)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("../x.py", "layout.path-form"),
        ("/etc/passwd", "layout.path-form"),
        ("a//b.py", "layout.path-form"),
        ("tests/./test_a.py", "layout.path-form"),
        ("a\\b.py", "layout.path-form"),
        ("a\nb.py", "layout.path-form"),
        ("", "layout.path-form"),
        ("plugin\u0435.py", "layout.path-form"),
        ("tests/data/e\u0301", "layout.path-form"),
        (".env", "layout.dot-file"),
        (".git/config", "layout.dot-file"),
        ("tests/.hidden", "layout.dot-file"),
        ("tests/data/.x", "layout.dot-file"),
        ("conftest.py", "layout.conftest"),
        ("tests/conftest.py", "layout.conftest"),
        ("tests/data/Conftest.py", "layout.conftest"),
        ("x.pth", "layout.startup-file"),
        ("tests/data/x.pth", "layout.startup-file"),
        ("sitecustomize.py", "layout.startup-file"),
        ("pytest.ini", "layout.config-file"),
        ("tests/data/pyproject.toml", "layout.config-file"),
        ("setup.py", "layout.config-file"),
        ("plugin.pyc", "layout.compiled"),
        ("__pycache__/plugin.cpython-311.pyc", "layout.compiled"),
        ("tests/data/a.so", "layout.compiled"),
        ("json.py", "layout.module-name"),
        ("sdk.py", "layout.module-name"),
        ("pytest.py", "layout.module-name"),
        ("test_plugin.py", "layout.module-name"),
        ("helpers.py", "layout.second-module"),
        ("sub/helpers.py", "layout.path"),
        ("tests/__init__.py", "layout.path"),
        ("tests/helper.py", "layout.path"),
        ("tests/data/test_x.py", "layout.path"),
        ("tests/data/a/b/c/d/e", "layout.path"),
        ("notes.txt", "layout.path"),
        ("plugin.yml", "layout.path"),
        ("PLUGIN.yaml", "layout.case-clash"),
        ("tests/test_plugin.py/x", "layout.case-clash"),
    ],
)
def test_each_path_outside_the_list_is_refused(path: str, rule: str) -> None:
    assert rule in rules({path: b""})


def test_sizes() -> None:
    assert rules({"plugin.py": b"x" * 64 * 1024}) == set()
    assert rules({"plugin.py": b"x" * (64 * 1024 + 1)}) == {"layout.too-large"}
    assert rules({"tests/data/a": b"x" * 256 * 1024}) == set()
    assert rules({"tests/data/a": b"x" * 256 * 1024, "README.md": b"x"}) == {"layout.too-large"}
    many = {f"tests/data/{number}": b"" for number in range(29)}
    assert rules(many) == set()
    assert rules(many | {"README.md": b""}) == {"layout.too-many"}


@pytest.mark.parametrize("path", NEEDED)
def test_what_is_missing(path: str) -> None:
    files = {name: data for name, data in NEEDED.items() if name != path}
    assert [item.rule for item in check(Candidate(files=files), Thresholds())] == ["layout.missing"]


@pytest.mark.parametrize("path", NEEDED)
def test_what_could_not_be_taken_in_is_not_called_missing(path: str) -> None:
    files = {name: data for name, data in NEEDED.items() if name != path}
    large = Unread(path=path, kind="too-large", message="larger than the bytes that are read")
    assert [item.rule for item in check(Candidate(files=files, unread=(large,)), Thresholds())] == ["layout.too-large"]


@pytest.mark.parametrize("other", ["helper.py", "z_last.py"])
def test_the_second_module_is_the_one_that_is_not_plugin_py(other: str) -> None:
    (found,) = check(Candidate(files={**NEEDED, "plugin.py": b"", other: b""}), Thresholds())
    assert (found.rule, found.path) == ("layout.second-module", other)
    assert found.hint == "put what it does into plugin.py; nothing could import it"


def test_nothing_is_called_missing_where_nothing_could_be_read() -> None:
    whole = candidate_from_json(b"\xff")
    assert [item.rule for item in check(whole, Thresholds())] == ["layout.candidate-file"]
    assert len(check(candidate_from_json(b'{"files": []}'), Thresholds())) == 3


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("link", "layout.link"),
        ("not-a-file", "layout.not-a-file"),
        ("too-large", "layout.too-large"),
        ("too-many", "layout.too-many"),
        ("too-deep", "layout.path"),
        ("name", "layout.path-form"),
        ("twice", "layout.case-clash"),
        ("unreadable", "layout.unreadable"),
        ("candidate-file", "layout.candidate-file"),
        ("something new", "layout.unreadable"),
    ],
)
def test_what_could_not_be_read_refuses(kind: str, rule: str) -> None:
    assert rules({}, (Unread(path="x", kind=kind, message="no"),)) == {rule}


def test_the_stage_refuses_and_passes(make_subject: Callable[..., Subject], good: dict[str, Any]) -> None:
    passed = Layout().run(make_subject(good))
    assert passed.verdict == "pass"
    assert passed.figures["files"] == 4
    assert Layout().run(make_subject(good | {"conftest.py": ""})).verdict == "refuse"
