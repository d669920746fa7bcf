"""Our verdicts on mutants beside mutmut's, on the same mutants: `make agreement`.

mutmut is installed into an environment that is thrown away. What cannot be done, or not in time, is said by name; only
a verdict that differs is a failure.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.gate import agreement, mutmut, project, small
from sandbox.errors import SandboxUnavailable
from sandbox.sandbox import Sandbox
from selfmod.gate.bench import CORPUS
from selfmod.gate.corpus import read_corpus
from selfmod.gate.workers import PRELOAD

BOUND_S, EACH_S = 80.0, 20.0
REQUIREMENTS = Path(__file__).parent.parent / "requirements" / "agreement.txt"


def main() -> int:
    """Compare; 1 where verdicts differ."""
    deadline = time.monotonic() + BOUND_S
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = install(Path(folder), deadline)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"skipped: mutmut cannot be installed here ({type(error).__name__})", file=sys.stderr)
            return 0
        try:
            return compare(found, deadline)
        except SandboxUnavailable as error:
            print(f"skipped: {error}", file=sys.stderr)
            return 0


def install(folder: Path, deadline: float) -> Path:
    """Return the `bin` folder of a new environment with mutmut."""
    left = max(1.0, deadline - time.monotonic())
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=sys.stderr, timeout=left)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    pip += ["--require-hashes", "--only-binary=:all:", "-r", str(REQUIREMENTS)]
    subprocess.run(pip, check=True, stdout=sys.stderr, timeout=left)
    return folder / "bin"


def compare(found: Path, deadline: float) -> int:
    """Compare on small plugins, as many as there is time for."""
    cases = [case for case in read_corpus(CORPUS) if case.kind == "good" and not case.held_back and not case.previous]
    # An endless mutant takes mutmut most of a minute; ours counts turns.
    plain = [case for case in cases if b"while " not in case.candidate.files["plugin.py"]]
    agreed = compared = 0
    preload = {**PRELOAD, "tests": (*PRELOAD["tests"], "benchmarks.agreement")}
    with Sandbox(preload=preload) as sandbox:
        for one in small(sandbox, plain):
            left = min(EACH_S, deadline - time.monotonic())
            with project(one.case) as folder:
                try:
                    _, fates = mutmut(found, folder, wall_s=max(left, 0.1))
                except (subprocess.TimeoutExpired, FileNotFoundError) as error:
                    print(
                        f"skipped: {one.case.name}, mutmut gave no verdicts ({type(error).__name__})", file=sys.stderr
                    )
                    continue
                alike, of = agreement(one, fates, folder)
            agreed, compared = agreed + alike, compared + of
    print(f"{agreed} of {compared} verdicts on mutmut's mutants agree")
    return 0 if agreed == compared else 1


if __name__ == "__main__":
    sys.exit(main())
