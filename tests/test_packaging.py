"""The locks: complete, hashed, of one mind, and without the name of a host."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted([*ROOT.glob("requirements/*.txt"), *ROOT.glob("selfmod/models/*.txt")])
ENTRY = re.compile(
    r"^(?P<entry>[A-Za-z0-9][^\n\\]*?) \\\n(?P<hashes>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)", re.MULTILINE
)


def entries(lock: Path) -> list[tuple[Requirement, frozenset[str]]]:
    return [
        (Requirement(m["entry"]), frozenset(re.findall(r"[0-9a-f]{64}", m["hashes"])))
        for m in ENTRY.finditer(lock.read_text("utf-8"))
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_exact_versions_with_hashes_and_nothing_else(lock: Path) -> None:
    text = lock.read_text("utf-8")
    rest = re.sub(r"^\s*(#.*)?$\n?", "", ENTRY.sub("", text), flags=re.MULTILINE)
    assert rest == ""
    assert len(entries(lock)) >= 2
    for requirement, hashes in entries(lock):
        assert hashes
        assert requirement.url is None
        assert [s.operator for s in requirement.specifier] == ["=="]


@pytest.mark.parametrize(
    "line", ["--index-url https://example.org/simple", "flask", "flask @ https://example.org/f.whl"]
)
def test_what_does_not_belong_in_a_lock_is_found(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "base.txt"
    lock.write_text((ROOT / "requirements/base.txt").read_text("utf-8") + line + "\n")
    with pytest.raises(AssertionError):
        test_a_lock_names_exact_versions_with_hashes_and_nothing_else(lock)


def test_locks_agree_with_each_other() -> None:
    base, dev = (dict(named(ROOT / f"requirements/{name}.txt")) for name in ("base", "dev"))
    assert base.items() <= dev.items()
    for name, found in named(ROOT / "selfmod/models/runtime_tools.txt"):
        assert dev.get(name, found) == found


def named(lock: Path) -> list[tuple[tuple[str, str], tuple[str, frozenset[str]]]]:
    return [
        ((canonicalize_name(r.name), str(r.marker or "")), (str(r.specifier), hashes)) for r, hashes in entries(lock)
    ]


def test_what_the_project_wants_is_locked_in_a_version_that_fits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = {canonicalize_name(r.name): str(r.specifier)[2:] for r, _ in entries(ROOT / "requirements/dev.txt")}
    extras = project["project"]["optional-dependencies"]
    wanted = [
        *project["project"]["dependencies"],
        *extras["dev"],
        *extras["wasm"],
        *project["build-system"]["requires"],
    ]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement
    runtime = {canonicalize_name(r.name): r.specifier for r, _ in entries(ROOT / "selfmod/models/runtime.txt")}
    assert {canonicalize_name(Requirement(r).name) for r in extras["local"]} == runtime.keys()


@pytest.mark.parametrize("target", ["run", "test", "lint", "types", "agreement", "errors", "bench", "map", "lock"])
def test_every_target_is_there_and_installs_only_what_is_locked(target: str) -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert shown.returncode == 0, shown.stderr
    installs = [
        line for line in shown.stdout.replace("\\\n", " ").splitlines() if re.search(r"-m pip .*install ", line)
    ]
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert "sudo" not in shown.stdout


def test_continuous_integration_calls_the_same_targets() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], timeout=60).returncode == 0
    called = re.findall(r"^make (\w+)$", script.read_text("utf-8"), re.MULTILINE)
    assert called == ["test", "lint", "types", "agreement", "errors"]
