from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.scratch import Scratch

ROOT = Path(__file__).resolve().parents[2]
MAKE = """
import sys
sys.path.insert(0, sys.argv[1])
from sandbox.scratch import Scratch
scratch = Scratch("ratchet-test-")
(scratch.path / "kept").write_text("x")
print(scratch.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def other_process():
    words = [sys.executable, "-c", MAKE, str(ROOT)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_folder_goes_with_its_owner(folder):
    scratch = Scratch("ratchet-test-")
    assert scratch.path.parent == folder and scratch.path.is_dir()
    scratch.close()
    scratch.close()
    assert not list(folder.iterdir())


def test_what_a_killed_process_left_is_removed_by_the_next_one_and_what_lives_is_not(folder):
    with other_process() as killed, other_process() as living:
        left, used = Path(killed.stdout.readline().strip()), Path(living.stdout.readline().strip())
        assert left.is_dir() and used.is_dir()
        killed.kill()
        killed.wait()
        scratch = Scratch("ratchet-test-")
        assert not left.exists()
        assert (used / "kept").read_text() == "x"
        assert sorted(folder.iterdir()) == sorted([used, scratch.path])
        scratch.close()
        living.kill()


def test_neither_links_nor_files_nor_other_names_are_taken_for_orphans(folder):
    target = folder / "precious"
    target.mkdir()
    (folder / "ratchet-test-link").symlink_to(target)
    (folder / "ratchet-test-file").write_text("x")
    scratch = Scratch("ratchet-test-")
    names = {path.name for path in folder.iterdir()}
    assert names == {"precious", "ratchet-test-link", "ratchet-test-file", scratch.path.name}
    scratch.close()
