"""From the shell to a usable prompt, through a pseudo-terminal, beside ipython in its own venv; and `--version`.

A prompt is usable when it shows what is typed, so the clock stops at the echo of a word that was sent as soon as the
prompt was there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Row, medians, timed

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
IPYTHON = BIN.parent / "bench/bin/ipython"
VERSION_MS = 60.0
TYPED = "quokka"


def environment(home: Path) -> dict[str, str]:
    """A person's environment with an empty home, and without questions to a terminal that nobody answers."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }


def new_home(folder: Path) -> Path:
    """A home that git knows a person of."""
    folder.mkdir()
    (folder / ".gitconfig").write_text("[user]\n\tname = A Person\n\temail = a@example.org\n")
    return folder


def to_prompt(command: list[str], prompt: str, folder: Path, home: Path) -> float:
    """Seconds until the prompt echoes."""
    import pexpect

    start = time.perf_counter()
    child = pexpect.spawn(command[0], command[1:], cwd=str(folder), env=environment(home), encoding="utf-8", timeout=30)
    child.delaybeforesend = None
    try:
        child.expect_exact(prompt)
        child.send(TYPED)
        child.expect_exact(TYPED)
        return time.perf_counter() - start
    finally:
        child.close(force=True)


def measure() -> list[Row]:
    """The prompt in a fresh workspace beside ipython, and `--version` beside an interpreter that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        home, workspace = new_home(Path(folder, "home")), Path(folder, "workspace")
        subprocess.run([BIN / "ratchet", "init", workspace], env=environment(home), check=True, capture_output=True)
        ours, theirs = medians(
            7,
            lambda: to_prompt([str(BIN / "ratchet")], "ratchet>", workspace, home),
            lambda: to_prompt([str(IPYTHON)], "In [", workspace, home),
        )

        def run(*command: object) -> float:
            words = [str(word) for word in command]
            return timed(lambda: subprocess.run(words, env=environment(home), check=True, capture_output=True))

        version, nothing = medians(
            15, lambda: run(BIN / "ratchet", "--version"), lambda: run(sys.executable, "-c", "pass")
        )
    more = (version - nothing) * 1e3
    return [
        Row(what="shell to usable prompt", ours_s=ours, theirs=f"ipython {theirs * 1e3:.0f} ms",
            target="not slower", figure=f"{ours / theirs:.2f} of it", met=ours <= theirs),
        Row(what="ratchet --version", ours_s=version, theirs=f"python -c pass {nothing * 1e3:.0f} ms",
            target=f"at most {VERSION_MS:.0f} ms more", figure=f"{more:.0f} ms more", met=more <= VERSION_MS),
    ]  # fmt: skip
