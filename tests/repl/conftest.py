"""A person's home with git set up, a workspace of theirs, and Ratchet as a process in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from repl.__main__ import main; sys.exit(main())"
COMMAND = [sys.executable, "-P", "-c", LAUNCH]


@dataclass
class Person:
    """Somebody with a home and a current folder."""

    home: Path
    folder: Path

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
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@pytest.fixture
def person(tmp_path: Path) -> Person:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    return Person(home=home, folder=home)


@pytest.fixture
def maker(person: Person) -> Person:
    """A person in a workspace of their own."""
    person.json("init", "tools")
    person.folder = person.home / "tools"
    return person
