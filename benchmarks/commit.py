"""The commit of a decision (files, signed ledger line, signature, note, event, index and work tree) beside plain git.

Git gets the same files, already written, and does `git add` and `git commit`; ours starts from bytes in memory, signs
twice, and is on the disk when it is done. A second row has the whole approval, with all that it checks before.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.example import plugin
from benchmarks.measure import Row, medians, timed
from benchmarks.start import environment, new_home

if TYPE_CHECKING:
    from selfmod.candidate import Candidate
    from selfmod.gate.report import GateReport

AT_MOST = 3.0
SPEC = "Count words and find the longest"


def measure() -> list[Row]:
    """Approve one plugin after the other, and commit the same files with git, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder, "home"))
        os.environ.update(environment(home))
        ours, git = _Ours(Path(folder, "ours"), home), _Git(Path(folder, "git"), home)
        commit, whole, theirs = medians(15, ours.commit, ours.approve, git.commit)
    beside = f"git add + commit {theirs * 1e3:.0f} ms"
    return [
        Row(what="commit, note, ledger, signature", ours_s=commit, theirs=beside, target=f"at most {AT_MOST:g} times",
            figure=f"{commit / theirs:.1f} times", met=commit <= AT_MOST * theirs),
        Row(what="the whole approval", ours_s=whole, theirs=beside, target="none", figure=f"{whole / theirs:.1f} times",
            met=True),
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
        self.journal = Journal(workspace=workspace.init(root, state), state=state)
        self.thresholds = Thresholds()
        self.count = 0
        with Sandbox(work=home / "sandbox", preload=PRELOAD) as sandbox:
            self.report = Gate(sandbox, self.thresholds, b"benchmark").judge(plugin())
        assert self.report.verdict == "pass", self.report

    def _next(self) -> tuple[str, Candidate, GateReport]:
        self.count += 1
        candidate = plugin(f"text-stats-{self.count}")
        report = dataclasses.replace(
            self.report, digest=candidate.digest, plugin=f"text-stats-{self.count}", acknowledge=()
        )
        return report.plugin, candidate, report

    def approve(self) -> float:
        """Seconds for the whole approval."""
        from selfmod.approval import Answer, approve
        from selfmod.review import Review, read_basis

        id_, candidate, report = self._next()
        review = Review(
            proposal="", plugin=id_, version="0.1.0", candidate=candidate, report=report,
            basis=read_basis(self.journal.workspace, id_, granted=frozenset()), spec=SPEC, model="",
        )  # fmt: skip
        answer = Answer(digest=candidate.digest)
        return timed(lambda: approve(review, answer, journal=self.journal, thresholds=self.thresholds))

    def commit(self) -> float:
        """Seconds for signing the decision and carrying it out."""
        from plugins.decision import Decision
        from plugins.keys import required_key
        from selfmod import commit
        from selfmod.approval import stamp

        id_, candidate, report = self._next()
        workspace, now = self.journal.workspace, time.time()
        at, author, key = commit.place(workspace), workspace.repository.identity(), required_key(self.journal.state)
        unsigned = Decision(
            operation="approve", workspace=workspace.id, plugin=id_, digest=candidate.digest, version="0.1.0",
            approver=str(author), time=stamp(now), channel="scripted", parent=at.commit, key="",
            report=report.hash, gate=report.gate_version, spec=SPEC,
        )  # fmt: skip

        def carry_out() -> None:
            decision = unsigned.signed(key)
            text = commit.message(f"Add {id_} 0.1.0", SPEC, commit.trailers(decision, report))
            commit.carry_out(
                self.journal, decision, candidate, at=at, key=key, author=author, message=text, time=int(now),
                report=report,
            )  # fmt: skip

        with workspace.lock():
            return timed(carry_out)


class _Git:
    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.environment, self.count = root, environment(home), 0
        self.git("init", "-q", root)
        self.git("-C", root, "commit", "-q", "--allow-empty", "-m", "first")

    def git(self, *words: object) -> None:
        command = ["git", *map(str, words)]
        subprocess.run(command, check=True, env=self.environment, capture_output=True)

    def commit(self) -> float:
        """Seconds for adding and committing the same files."""
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
