from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from plugins import grants
from plugins import workspace as workspaces
from plugins.disk import Disk
from plugins.state import UserState
from plugins.workspace import Workspace
from selfmod import approval, rollback
from selfmod.approval import Answer
from selfmod.candidate import Candidate
from selfmod.commit import Commit
from selfmod.gate.base import StageResult
from selfmod.gate.report import GateReport
from selfmod.gate.thresholds import GATE_VERSION, Thresholds
from selfmod.journal import Journal
from selfmod.review import Review, read_basis

MANIFEST = """\
schema: 1
id: {id}
name: Text stats
version: {version}
description: Count words.
license: MIT
entry: plugin.py
tools: [{{name: stats, handler: run}}]
{more}"""

# What a shell starts in the background ignores interrupts, and so does what it starts; some tests send them.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Desk:
    """A person with a workspace: makes reviews as the gate would leave them, and decides about them."""

    def __init__(self, root: Path, state_root: Path, disk: Disk | None = None) -> None:
        self.disk = disk or Disk()
        self.state = UserState(state_root, disk=self.disk)
        self.workspace = Workspace(root, disk=self.disk)
        self.settled: list[tuple[str, str]] = []
        self.journal = Journal(
            workspace=self.workspace,
            state=self.state,
            settle=lambda change: self.settled.append((change.operation, change.plugin)),
        )

    def candidate(self, version: str, *, id: str = "text-stats", more: str = "", **files: bytes) -> Candidate:  # noqa: A002
        manifest = MANIFEST.format(id=id, version=version, more=more).encode()
        code = f'def run(text: str) -> int:\n    """Count words ({version})."""\n    return len(text.split())\n'
        base = {"plugin.yaml": manifest, "plugin.py": code.encode(), "tests/test_plugin.py": b"def test_x(): pass\n"}
        return Candidate(files=base | {name.replace("__", "/"): data for name, data in files.items()})

    def review(
        self,
        version: str = "0.1.0",
        *,
        id: str = "text-stats",  # noqa: A002
        candidate: Candidate | None = None,
        acknowledge: tuple[str, ...] = (),
        capabilities: tuple[str, ...] = (),
        dependencies: Mapping[str, str] | None = None,
        more: str = "",
    ) -> Review:
        found = candidate or self.candidate(version, id=id, more=more)
        stage = StageResult(name="coverage", verdict="pass", figures={"lines": 1.0, "branches": 0.95})
        report = GateReport(
            digest=found.digest,
            gate_version=GATE_VERSION,
            thresholds=Thresholds(),
            stages=(stage,),
            verdict="pass",
            acknowledge=acknowledge,
            plugin=id,
            version=version,
        )
        return Review(
            proposal="P-1",
            plugin=id,
            version=version,
            candidate=found,
            report=report,
            basis=read_basis(self.workspace, id, dependencies or (), granted=grants.of(self.workspace, self.state, id)),
            capabilities=capabilities,
            spec="Count the words of a text",
            model="replay:one",
        )

    def approve(self, review: Review | str = "0.1.0", **fields: object) -> Commit:
        shown = self.review(review) if isinstance(review, str) else review
        answer = Answer(**{"digest": shown.digest, "accepted": shown.acknowledge, **fields})  # type: ignore[arg-type]
        return approval.approve(shown, answer, journal=self.journal, thresholds=Thresholds())

    def rollback(self, plugin: str = "text-stats", **fields: object) -> Commit:
        return rollback.rollback(plugin, journal=self.journal, **fields)  # type: ignore[arg-type]

    def redo(self, plugin: str = "text-stats") -> Commit:
        return rollback.redo(plugin, journal=self.journal)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.workspace.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, path: str, text: str) -> None:
        target = self.workspace.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def close(self) -> None:
        self.workspace.close()


@pytest.fixture
def person(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own: no test reads or writes the real person's configuration."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def desk(tmp_path: Path, person: Path) -> Iterator[Desk]:
    made = workspaces.init(tmp_path / "work", UserState(tmp_path / "state"))
    made.close()
    found = Desk(tmp_path / "work", tmp_path / "state")
    yield found
    found.close()


@pytest.fixture
def new_desk() -> type[Desk]:
    return Desk


@pytest.fixture
def state(tmp_path: Path) -> UserState:
    return UserState(tmp_path / "state")


@pytest.fixture
def workspace(tmp_path: Path, person: Path, state: UserState) -> Iterator[Workspace]:
    made = workspaces.init(tmp_path / "work", state)
    yield made
    made.close()


@pytest.fixture
def git() -> Callable[..., str]:
    """The git that the person would run."""

    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
