"""Every technique bites where there is no sandbox, and reaches nothing where there is one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox import Sandbox, SandboxUnavailable

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_spec = importlib.util.spec_from_file_location("attacks_runner", HERE / "runner.py")
runner = importlib.util.module_from_spec(_spec)
sys.modules["attacks_runner"] = runner
_spec.loader.exec_module(runner)
ATTACKS = {attack.name: attack for attack in runner.attacks()}
ORDINARY = 65534


@pytest.fixture(scope="module")
def made():
    with runner.targets() as targets:
        yield targets


@pytest.fixture(scope="module")
def bare(made):
    opened = runner.Bare(ROOT, made)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(work=tmp_path_factory.mktemp("work")) as opened:
        yield opened


@pytest.fixture
def attack(request):
    return ATTACKS[request.param]


def test_there_are_enough_and_each_says_where_it_comes_from():
    assert len(ATTACKS) >= 80
    assert all(attack.origin and attack.seen in runner.SEEN for attack in ATTACKS.values())
    assert {attack.language for attack in ATTACKS.values()} == {"plain", "dialect"}


@pytest.mark.parametrize("attack", ATTACKS, indirect=True)
def test_it_bites_where_there_is_no_sandbox(attack, bare):
    if attack.control == "root" and os.geteuid() != 0:
        pytest.skip("the control of this attack needs root")
    bites = bare.succeeds(attack)
    if not bites and attack.setting:
        pytest.skip(f"this machine refuses it by itself ({attack.setting})")
    assert bites


@pytest.mark.parametrize("level", ["process", "container", "wasm"])
@pytest.mark.parametrize("attack", ATTACKS, indirect=True)
def test_it_reaches_nothing_inside(attack, level, made, sandbox, bare):
    if level == "wasm" and attack.wasm == "other":
        pytest.skip("what it goes for does not exist inside WebAssembly")
    try:
        sandbox.require(level)
    except SandboxUnavailable as problem:
        pytest.skip(str(problem))
    reached, outcome = runner.succeeds_inside(attack, made, sandbox, level)
    assert not reached, outcome


@pytest.fixture
def open_folder():
    """A folder that other users reach: those of `tmp_path` lie below one that is closed to them."""
    with tempfile.TemporaryDirectory(prefix="ratchet-ordinary-") as name:
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="this run is one as an ordinary user already")
@pytest.mark.parametrize("level", ["process", "container"])
def test_all_of_it_as_an_ordinary_user(open_folder, level):
    python = next((path for path in ("/usr/bin/python3", sys.executable) if _usable(path)), None)
    if python is None:
        pytest.skip("no Python that an ordinary user can run")
    folder = open_folder
    shutil.copytree(ROOT / "sandbox", folder / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(runner.PROGRAMS, folder / "programs")
    shutil.copy(HERE / "runner.py", folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o055)
    command = [python, "-B", str(folder / "runner.py"), str(folder), str(folder / "programs"), level]
    ran = subprocess.run(
        command, capture_output=True, text=True, user=ORDINARY, group=ORDINARY, extra_groups=[], cwd="/"
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    if isinstance(found, str) and level != "process":
        pytest.skip(found)
    assert len(found) >= 80
    assert not [name for name, (reached, _) in found.items() if reached]


def _usable(path):
    code = "import sys; raise SystemExit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([path, "-c", code], user=ORDINARY, group=ORDINARY, cwd="/").returncode == 0
    except OSError:
        return False
