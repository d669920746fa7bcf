"""The commit of an approval (files, ledger line, signature, note, event, index and work tree) beside plain git.

Git gets the same files, already written, and does `git add` and `git commit`; ours starts from bytes in memory and
includes every check that an approval makes.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.example import plugin
from benchmarks.measure import Row, medians, timed
from benchmarks.start import environment, new_home

AT_MOST = 3.0


def measure() -> list[Row]:
    """Approve one plugin after the other, and commit the same files with git, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder, "home"))
        os.environ.update(environment(home))
        ours, theirs = medians(15, _Ours(Path(folder, "ours"), home).turn, _Git(Path(folder, "git"), home).turn)
    return [
        Row(what="commit of an approval", ours_s=ours, theirs=f"git add + commit {theirs * 1e3:.0f} ms",
            target=f"at most {AT_MOST:g} times", figure=f"{ours / theirs:.1f} times", met=ours <= AT_MOST * theirs),
    ]  # fmt: skip


class _Ours:
    def __init__(self, root: Path, home: Path) -> None:
        from plugins import workspace
        from plugins.state import UserState
        from sandbox.sandbox import Sandbox
        from selfmod.gate.gate import Gate
        from selfmod.gate.thresholds import Thresholds
        from selfmod.gate.workers import PRELOAD
        from selfmod.journal import Journal

        state = UserState(home / "state")
        self.workspace = workspace.init(root, state)
        self.journal = Journal(workspace=self.workspace, state=state)
        self.thresholds = Thresholds()
        self.count = 0
        with Sandbox(work=home / "sandbox", preload=PRELOAD) as sandbox:
            self.report = Gate(sandbox, self.thresholds, b"benchmark").judge(plugin())
        assert self.report.verdict == "pass", self.report

    def turn(self) -> float:
        from selfmod.approval import Answer, approve
        from selfmod.review import Review, read_basis

        self.count += 1
        id_ = f"text-stats-{self.count}"
        candidate = plugin(id_)
        report = dataclasses.replace(self.report, digest=candidate.digest, plugin=id_, acknowledge=())
        review = Review(
            proposal="", plugin=id_, version="0.1.0", candidate=candidate, report=report,
            basis=read_basis(self.workspace, id_), spec="Count words and find the longest", model="",
        )  # fmt: skip
        answer = Answer(digest=candidate.digest)
        return timed(lambda: approve(review, answer, journal=self.journal, thresholds=self.thresholds))


class _Git:
    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.environment, self.count = root, environment(home), 0
        self.git("init", "-q", root)
        self.git("-C", root, "commit", "-q", "--allow-empty", "-m", "first")

    def git(self, *words: object) -> None:
        command = ["git", *map(str, words)]
        subprocess.run(command, check=True, env=self.environment, capture_output=True)

    def turn(self) -> float:
        self.count += 1
        id_ = f"text-stats-{self.count}"
        files = {f"plugins/{id_}/{path}": data for path, data in plugin(id_).files.items()}
        files[f"audit_logs/decisions/{id_}.jsonl"] = b"{" + b"x" * 1500 + b"}\n"
        for path, data in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(data)

        def commit() -> None:
            self.git("-C", self.root, "add", *files)
            self.git("-C", self.root, "commit", "-q", "-m", f"Add {id_}")

        return timed(commit)
