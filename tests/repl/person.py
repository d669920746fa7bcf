"""A person with a home, and Ratchet as a process of theirs; and plugins that they wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from repl.__main__ import main; sys.exit(main())"
COMMAND = [sys.executable, "-P", "-c", LAUNCH]


@dataclass
class Person:
    """Somebody with a home and a current folder."""

    home: Path
    folder: Path

    @classmethod
    def at(cls, home: Path) -> Person:
        """Somebody whom git knows."""
        home.mkdir()
        config = "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
        (home / ".gitconfig").write_text(config)
        return cls(home=home, folder=home)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "RATCHET_BUILD": "no"}

    def run(self, *words: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words], input=given, capture_output=True, text=True, timeout=120, cwd=self.folder,
            env={**self.environment, **environment},
        )  # fmt: skip

    def json(self, *words: str, code: int = 0, given: str = "") -> Any:
        done = self.run(*words, "--json", given=given)
        assert done.returncode == code, (done.returncode, _refusals(done.stdout) or done.stdout, done.stderr)
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


def _refusals(output: str) -> list[str]:
    """Why the gate refuses, where that is what an output says."""
    try:
        stages = json.loads(output)["gate"]["stages"]
    except (ValueError, KeyError, TypeError):
        return []
    return [f"{f['rule']}: {f['message']}" for stage in stages for f in stage["findings"] if not f["advisory"]]


MANIFEST = """\
schema: 1
id: {id}
name: {id}
version: {version}
description: Count words and find the longest word of a text.
license: MIT
entry: plugin.py
tools: [{{name: stats, handler: run, description: Count words}}]
commands: [{{name: {command}, handler: run}}]
"""
SOURCE = '''"""Count words and find the longest word of a text."""


def run(text: str) -> dict[str, object]:
    """Return the number of words and the longest word of `text`."""
    words = text.split()
    longest = max(words, key=len, default="")
    return {"words": len(words), "longest": longest}
'''
TESTS = """from plugin import run


def test_counts_words():
    assert run("one three two") == {"words": 3, "longest": "three"}


def test_first_of_equal_words_wins():
    assert run("ab cd") == {"words": 2, "longest": "ab"}


def test_nothing():
    assert run("") == {"words": 0, "longest": ""}
"""


def write_plugin(
    folder: Path,
    *,
    id: str = "text-stats",  # noqa: A002 - as in the manifest
    version: str = "0.1.0",
    source: str = SOURCE,
    tests: str = TESTS,
) -> Path:
    """Write a plugin that the gate lets through, unless told otherwise."""
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    command = id.replace("text-", "")
    (folder / "plugin.yaml").write_text(MANIFEST.format(id=id, version=version, command=command))
    (folder / "plugin.py").write_text(source)
    (folder / "tests/test_plugin.py").write_text(tests)
    (folder / "README.md").write_text(
        f"# {id}\n\nCounts the words of a text.\n\n    /{command} one two\n    stats one\n"
    )
    return folder
