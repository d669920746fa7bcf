"""Test files are rewritten once, however many processes collect them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
RUN = """
import os, sys
import pytest
from _pytest.assertion import rewrite
from selfmod.gate.harness.assertions import RewrittenOnce

plain, before = rewrite._rewrite_test, os.getpid()
reader, writer = os.pipe()

def counted(path, config):
    os.write(writer, b"x" * (path.name == sys.argv[1]))
    return plain(path, config)

class InAChildToo:
    def pytest_collection(self, session):
        if os.fork() == 0:
            session.perform_collect()
            os._exit(0)
        os.wait()

rewrite._rewrite_test = counted
plugins = [InAChildToo(), *([RewrittenOnce([sys.argv[1]])] if sys.argv[2] == "once" else [])]
code = pytest.main(["-q", "-p", "no:cacheprovider", "-c", "/dev/null", sys.argv[1]], plugins=plugins)
assert rewrite._rewrite_test is counted
os.close(writer)
print("rewritten", len(os.read(reader, 100)), "code", int(code))
"""


@pytest.mark.parametrize(("how", "times"), [("each", 2), ("once", 1)])
def test_a_file_is_rewritten_once_for_all_processes(how: str, times: int, tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_a():\n    assert 1 + 1 == 2\n")
    assert last_line(tmp_path, how) == f"rewritten {times} code 0"


def test_a_file_that_cannot_be_rewritten_fails_where_it_is_collected(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_a(:\n")
    assert last_line(tmp_path, "once").endswith("code 2")


def last_line(folder: Path, how: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-B", "-c", RUN, "test_one.py", how],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip().splitlines()[-1]
