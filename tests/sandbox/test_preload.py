"""What a fork server does before it forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import sys
sys.path[:0] = sys.argv[1:]
from sandbox.layers import LayerFailed
from sandbox.preload import preload
try:
    preload(["warmed", "json"])
except LayerFailed as problem:
    print(problem)
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [("print('warm')", "warm"), ("raise OSError('no')", "preload: warmed: OSError: no"), ("return None", "")],
)
def test_a_module_that_can_be_warmed_is_once_all_is_there(body: str, said: str, tmp_path: Path) -> None:
    source = f"def warm():\n    import sys\n    assert 'json' in sys.modules\n    {body}\n"
    (tmp_path / "warmed.py").write_text(source)
    command = [sys.executable, "-c", RUN, str(ROOT), str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.stdout.strip(), ran.returncode) == (said, 0), ran.stderr
