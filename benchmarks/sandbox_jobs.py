"""What `benchmarks/sandbox.py` runs inside workers."""

from __future__ import annotations

import os
from pathlib import Path

SUITE = {
    "plugin.py": b"def clamp(x, low, high):\n    return max(low, min(x, high))\n",
    "test_plugin.py": b"from plugin import clamp\n"
    + b"".join(b"def test_%d():\n    assert clamp(%d, 0, 3) == min(%d, 3)\n" % (n, n, n) for n in range(6)),
}


def run_suite(argument: object) -> int:
    """Run the small suite with pytest under coverage, as the cold run does from a command line."""
    import coverage
    import pytest

    del argument
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    folder = str(Path.cwd())
    measured = coverage.Coverage(data_file=None, branch=True, source=[folder])
    measured.start()
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder, folder]
    code = pytest.main(options)
    measured.stop()
    return int(code)
