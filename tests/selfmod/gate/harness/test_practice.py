"""A fork server practises, and nothing of it is left but speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "selfmod" / "gate" / "harness"
RUN = """
import json, os, sys
from selfmod.gate.harness import practice

plain, ended = practice.run_item, []
def counted(item):
    error = plain(item)
    ended.append([item.name, type(error).__name__])
    return error
practice.run_item = counted
before = sorted(sys.modules), sys.path[:], len(sys.meta_path), os.environ.get("PYTEST_CURRENT_TEST")
practice.warm()
after = sorted(sys.modules), sys.path[:], len(sys.meta_path), os.environ.get("PYTEST_CURRENT_TEST")
print(json.dumps([ended, [name for name in set(after[0]) - set(before[0]) if "practised" in name],
                  before[1:] == after[1:], os.getcwd(), sys.dont_write_bytecode]))
"""


def test_it_runs_each_test_often_and_leaves_nothing() -> None:
    kept = set(FOLDER.rglob("*"))
    ran = subprocess.run(
        [sys.executable, "-c", RUN], cwd=ROOT, capture_output=True, text=True, timeout=60, env={"PATH": ""}
    )
    assert ran.returncode == 0, ran.stderr
    ended, left, same, where, written = json.loads(ran.stdout.strip().splitlines()[-1])
    assert len(ended) == 50
    assert {name for name, error in ended if error == "AssertionError"} == {"test_a_case[2]", "test_a_text"}
    assert {error for _, error in ended} == {"AssertionError", "NoneType"}
    assert (left, same, where, written) == ([], True, "/", False)
    assert not [path for path in set(FOLDER.rglob("*")) - kept if "practised" in path.name]
