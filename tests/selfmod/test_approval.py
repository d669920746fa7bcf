from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from plugins import grants, trust
from plugins import workspace as workspaces
from plugins.errors import (
    ApprovalError,
    ConflictError,
    GateRefused,
    RepositoryError,
    StaleError,
    UntrustedError,
    UsageError,
)
from plugins.history import note
from plugins.keys import host_key
from plugins.state import UserState
from selfmod import approval, audit
from selfmod.approval import Answer
from selfmod.candidate import Candidate
from selfmod.commit import note_text
from selfmod.gate.thresholds import Thresholds

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children fork, do little, and end

FILES = {"plugins/text-stats/plugin.yaml", "plugins/text-stats/plugin.py", "plugins/text-stats/tests/test_plugin.py"}
FAR = "network:far.example.org:443"
LEDGER = "audit_logs/decisions/text-stats.jsonl"


def test_the_commit_holds_the_files_and_the_ledger_line_and_nothing_else(desk: Any) -> None:
    made = desk.approve("0.1.0")
    changed = set(desk.git("diff-tree", "-r", "--root", "--no-commit-id", "--name-only", made.commit).split())
    assert changed == FILES | {LEDGER}
    assert desk.git("rev-parse", "HEAD").strip() == made.commit
    assert desk.git("status", "--short") == ""
    assert desk.git("diff-index", "--cached", "HEAD") == ""
    for path, data in desk.candidate("0.1.0").files.items():
        assert (desk.workspace.root / "plugins/text-stats" / path).read_bytes() == data
    assert desk.git("fsck", "--strict", "--no-dangling") == ""
    assert desk.settled == [("approve", "text-stats")]


def test_the_trailers_name_what_a_reviewer_needs(desk: Any) -> None:
    review = desk.review("0.1.0", acknowledge=("no-oracle",))
    made = desk.approve(review)
    text = desk.git("log", "-1", "--format=%(trailers:only,unfold)").strip().splitlines()
    assert dict(line.split(": ", 1) for line in text) == {
        "Proposal": "P-1",
        "Candidate-Digest": review.digest,
        "Gate": f"{review.report.gate_version}; coverage lines 1.00 branches 0.95",
        "Report": review.report.hash,
        "Model": "replay:one",
        "Candidates-Tried": "1",
        "Approved-by": "Ada <ada@example.org>",
        "Approved-via": "scripted",
        "Decision": made.decision.hash,
    }
    assert made.decision.accepted == ("no-oracle",)


def test_git_and_ssh_keygen_accept_the_signature_and_notice_a_change(desk: Any) -> None:
    desk.approve("0.1.0")
    signers = f"gpg.ssh.allowedSignersFile={desk.workspace.root}/audit_logs/allowed_signers"
    assert desk.git("-c", signers, "log", "-1", "--format=%G? %GS").strip() == "G ada@example.org"
    text = desk.git("cat-file", "commit", "HEAD").replace("Candidates-Tried: 1", "Candidates-Tried: 0")
    forged = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"], cwd=desk.workspace.root, input=text,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert desk.git("-c", signers, "log", "-1", "--format=%G?", forged.stdout.strip()).strip() == "B"


def test_the_note_is_the_whole_report(desk: Any) -> None:
    review = desk.review("0.1.0")
    made = desk.approve(review)
    assert note(desk.workspace.repository, made.commit) == note_text(review.report)
    assert desk.git("notes", "--ref=ratchet", "show", made.commit).encode() == note_text(review.report)


def test_text_of_the_request_cannot_forge_a_trailer(desk: Any) -> None:
    spec = "Count words\n\nApproved-by: Mallory\n\n\u202eDecision: 0000\x1b[2J"
    desk.approve(dataclasses.replace(desk.review("0.1.0"), spec=spec, model="m\n\nApproved-by: Eve"))
    trailers = desk.git("log", "-1", "--format=%(trailers:only)")
    assert "Mallory" not in trailers
    assert trailers.count("\nApproved-by: ") == 1
    body = desk.git("log", "-1", "--format=%B")
    assert "\x1b" not in body
    assert "\u202e" not in body
    assert "\\u{202E}Decision: 0000\\u{001B}[2J" in body


def test_everything_else_the_person_has_stays_as_it_was(desk: Any) -> None:
    desk.write("tracked.txt", "one\n")
    desk.write("plugins/other.txt", "other\n")
    desk.git("add", "tracked.txt", "plugins/other.txt")
    desk.git("commit", "-qm", "mine")
    desk.write("tracked.txt", "two\n")
    desk.git("add", "tracked.txt")
    desk.write("tracked.txt", "three\n")
    desk.write("new.txt", "new\n")
    desk.write("plugins/other.txt", "changed\n")
    desk.write("src/staged.py", "staged\n")
    desk.git("add", "-N", "new.txt")
    desk.git("add", "src/staged.py")
    before = desk.git("status", "--porcelain=v2")
    desk.approve("0.1.0")
    assert desk.git("status", "--porcelain=v2") == before
    desk.rollback()
    assert desk.git("status", "--porcelain=v2") == before


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("plugins/text-stats/plugin.py", "untracked"),
        ("plugins/text-stats/notes.txt", "untracked"),
        ("plugins/text-stats/notes.txt", "ignored"),
        ("plugins/text-stats/plugin.py", "staged"),
        (LEDGER, "untracked"),
        (LEDGER, "staged"),
        ("plugins/text-stats", "a file"),
    ],
)
def test_uncommitted_work_in_its_place_is_refused_first(desk: Any, path: str, how: str) -> None:
    desk.write(path, "mine\n")
    if how == "staged":
        desk.git("add", path)
    if how == "ignored":
        (desk.workspace.root / ".git/info").mkdir(exist_ok=True)
        (desk.workspace.root / ".git/info/exclude").write_text("notes.txt\n")
    head, status = desk.git("rev-parse", "HEAD"), desk.git("status", "--porcelain=v2")
    with pytest.raises(ConflictError, match=path.rsplit("/", maxsplit=1)[-1]) as caught:
        desk.approve("0.1.0")
    assert caught.value.exit_code == 16
    assert (desk.git("rev-parse", "HEAD"), desk.git("status", "--porcelain=v2")) == (head, status)
    assert (desk.workspace.root / path).read_text() == "mine\n"


@pytest.mark.parametrize("how", ["changed", "staged", "removed", "staged for removal"])
def test_changed_files_of_the_approved_version_are_refused_first(desk: Any, how: str) -> None:
    desk.approve("0.1.0")
    path = "plugins/text-stats/plugin.py"
    if how in ("changed", "staged"):
        desk.write(path, "mine\n")
    if how == "staged":
        desk.git("add", path)
        desk.write(path, desk.candidate("0.1.0").files["plugin.py"].decode())
    if how == "removed":
        (desk.workspace.root / path).unlink()
    if how == "staged for removal":
        desk.git("rm", "-q", "--cached", path)
    with pytest.raises(ConflictError, match=how):
        desk.approve("0.2.0")


def test_a_submodule_or_a_link_in_its_place_is_refused(desk: Any) -> None:
    head = desk.git("rev-parse", "HEAD").strip()
    desk.git("update-index", "--add", "--cacheinfo", f"160000,{head},plugins/text-stats")
    desk.git("commit", "-qm", "a submodule")
    with pytest.raises(ConflictError, match="submodule"):
        desk.approve("0.1.0")
    desk.git("rm", "-q", "--cached", "plugins/text-stats")
    os.symlink("/etc", desk.workspace.root / "plugins/text-stats")
    desk.git("add", "plugins/text-stats")
    desk.git("commit", "-qm", "a link")
    with pytest.raises(ConflictError, match="link"):
        desk.approve("0.1.0")


# The answer


@pytest.mark.parametrize("digest", ["", "sha256:", "yes", "0" * 63, "0" * 65, "G" * 64])
def test_an_approval_names_the_whole_digest(desk: Any, digest: str) -> None:
    with pytest.raises(ApprovalError, match="64 hex digits") as caught:
        desk.approve("0.1.0", digest=digest)
    assert caught.value.exit_code == 11


def test_a_part_or_another_digest_is_refused(desk: Any) -> None:
    review = desk.review("0.1.0")
    for digest in (review.digest[:20], review.digest[:-1], "0" * 64, review.digest.upper()):
        with pytest.raises(ApprovalError) as caught:
            desk.approve(review, digest=digest)
        assert caught.value.exit_code == 11
    desk.approve(review, digest=review.digest.removeprefix("sha256:"))


def test_every_word_that_it_takes_has_to_be_said(desk: Any) -> None:
    review = desk.review("0.1.0", acknowledge=("no-oracle", "storage"))
    with pytest.raises(ApprovalError, match="storage") as caught:
        desk.approve(review, accepted=("no-oracle",))
    assert (caught.value.exit_code, caught.value.hint) == (11, "add --accept storage")
    with pytest.raises(UsageError, match="no such word") as slip:
        desk.approve(review, accepted=("no-oracle", "storage", "more"))
    assert slip.value.hint == "it takes: no-oracle, storage"
    made = desk.approve(review, accepted=("no-oracle", "storage", "effect:clock"))
    assert made.decision.accepted == ("no-oracle", "storage")


def test_a_new_capability_takes_its_word_even_if_the_report_forgot_it(desk: Any) -> None:
    review = desk.review("0.1.0", capabilities=("storage",))
    with pytest.raises(ApprovalError, match="storage"):
        desk.approve(review, accepted=())
    made = desk.approve(review, accepted=("storage",))
    assert made.decision.accepted == ("storage",)
    desk.approve(desk.review("0.2.0", capabilities=("storage",)), accepted=())  # it carries over


@pytest.mark.parametrize("trusted", [True, False])
def test_what_somebody_else_committed_grants_nothing(desk: Any, new_desk: Any, tmp_path: Path, trusted: bool) -> None:
    """A ledger line and a manifest in HEAD say what their author granted, not what this person did."""
    other = new_desk(desk.workspace.root, tmp_path / "other")
    trust.trust(other.workspace, other.state, keys=())
    other.approve(other.review("0.1.0", capabilities=(FAR,), acknowledge=(FAR,)))
    other.close()
    if trusted:
        trust.trust(desk.workspace, desk.state, keys=[host_key(other.state).public])
    review = desk.review("0.2.0", capabilities=(FAR,))
    assert review.acknowledge == review.new_capabilities == (FAR,)
    with pytest.raises(ApprovalError, match=FAR):
        desk.approve(review, accepted=())
    assert grants.of(desk.workspace, desk.state, "text-stats") == frozenset()
    desk.approve(review, accepted=(FAR,))
    assert grants.of(desk.workspace, desk.state, "text-stats") == {FAR}


def test_a_grant_that_was_taken_away_since_makes_it_stale(desk: Any) -> None:
    desk.approve(desk.review("0.1.0", capabilities=(FAR,)))
    review = desk.review("0.2.0", capabilities=(FAR,))
    grants.put(desk.workspace, desk.state, "text-stats", ())
    with pytest.raises(StaleError, match="capabilities in force"):
        desk.approve(review)


def test_a_report_about_other_bytes_or_a_refusal_is_no_ground(desk: Any) -> None:
    review = desk.review("0.1.0")
    other = dataclasses.replace(review, candidate=Candidate(files={**review.candidate.files, "x.py": b"x"}))
    with pytest.raises(ApprovalError, match="other bytes"):
        desk.approve(other)
    refused = dataclasses.replace(review, report=dataclasses.replace(review.report, verdict="refuse"))
    with pytest.raises(GateRefused) as caught:
        desk.approve(refused)
    assert caught.value.exit_code == 10


def test_an_untrusted_workspace_takes_no_approval(desk: Any) -> None:
    trust.revoke(desk.workspace, desk.state)
    with pytest.raises(UntrustedError) as caught:
        desk.approve("0.1.0")
    assert caught.value.exit_code == 16


# Stale


def _stale(desk: Any, review: Any, word: str) -> None:
    with pytest.raises(StaleError, match=word) as caught:
        desk.approve(review)
    assert caught.value.exit_code == 11


def test_an_unrelated_commit_does_not_make_it_stale(desk: Any) -> None:
    review = desk.review("0.1.0")
    desk.write("src/app.py", "x = 1\n")
    desk.git("add", "-A")
    desk.git("commit", "-qm", "unrelated")
    desk.approve(desk.review("1.0.0", id="other-one"))
    desk.approve(review)


def test_another_version_of_the_plugin_makes_it_stale(desk: Any) -> None:
    review = desk.review("0.2.0")
    desk.approve("0.1.0")
    _stale(desk, review, "folder")


def test_what_it_depends_on_makes_it_stale(desk: Any) -> None:
    desk.approve("0.1.0")
    review = desk.review("1.0.0", id="user-of-it", dependencies=("text-stats",))
    desk.approve("0.2.0")
    _stale(desk, review, "text-stats")


def test_capabilities_in_force_make_it_stale(desk: Any) -> None:
    desk.approve("0.1.0")
    review = desk.review("0.2.0")
    basis = dataclasses.replace(review.basis, capabilities=("storage",))
    _stale(desk, dataclasses.replace(review, basis=basis), "capabilities")


def test_a_rollback_and_back_makes_it_stale(desk: Any) -> None:
    desk.approve("0.1.0")
    review = desk.review("0.2.0")
    desk.rollback()
    desk.redo()
    _stale(desk, review, "decisions")


def test_thresholds_and_the_version_of_the_gate_make_it_stale(desk: Any) -> None:
    review = desk.review("0.1.0")
    answer = Answer(digest=review.digest)
    with pytest.raises(StaleError, match="thresholds"):
        approval.approve(review, answer, journal=desk.journal, thresholds=Thresholds(lines_min=0.95))
    report = dataclasses.replace(review.report, gate_version="0")
    _stale(desk, dataclasses.replace(review, report=report), "version")


# Git


def test_a_detached_head_is_refused(desk: Any) -> None:
    desk.git("checkout", "-q", "--detach")
    with pytest.raises(RepositoryError, match="detached") as caught:
        desk.approve("0.1.0")
    assert (caught.value.exit_code, caught.value.hint) == (16, "run: git switch -c NAME")


def test_a_branch_without_a_commit_is_refused(desk: Any) -> None:
    desk.git("checkout", "-q", "--orphan", "empty")
    with pytest.raises(RepositoryError, match="no commit yet"):
        desk.approve("0.1.0")


def test_a_missing_identity_is_refused(desk: Any, person: Path) -> None:
    (person / ".gitconfig").write_text("")
    with pytest.raises(RepositoryError, match="who you are") as caught:
        desk.approve("0.1.0")
    assert "git config --global user.name" in caught.value.hint


def test_an_unfinished_merge_is_refused(desk: Any) -> None:
    desk.git("switch", "-qc", "side")
    desk.write("a.txt", "side")
    desk.git("add", "a.txt")
    desk.git("commit", "-qm", "side")
    desk.git("switch", "-q", "main")
    desk.git("merge", "-q", "--no-ff", "--no-commit", "side")
    with pytest.raises(RepositoryError, match="merge is not finished"):
        desk.approve("0.1.0")


def test_it_works_in_a_linked_work_tree_and_with_packed_refs(desk: Any, tmp_path: Path, new_desk: Any) -> None:
    desk.git("pack-refs", "--all")
    desk.git("worktree", "add", "-q", "-b", "feature", str(tmp_path / "linked"))
    linked = new_desk(tmp_path / "linked", tmp_path / "state")
    trust.trust(linked.workspace, linked.state, keys=())
    linked.approve("0.1.0")
    assert linked.git("status", "--short") == ""
    assert desk.git("log", "--format=%s", "feature").splitlines()[0] == "Add text-stats 0.1.0"
    assert desk.git("status", "--short") == ""
    assert audit.verify(linked.workspace, linked.state).ok
    linked.close()


def test_it_works_in_a_repository_of_sha256(tmp_path: Path, person: Path, new_desk: Any) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", "--object-format=sha256", str(tmp_path / "work")], check=True)
    workspaces.init(tmp_path / "work", UserState(tmp_path / "state")).close()
    desk = new_desk(tmp_path / "work", tmp_path / "state")
    desk.approve("0.1.0")
    desk.rollback()
    signers = f"gpg.ssh.allowedSignersFile={desk.workspace.root}/audit_logs/allowed_signers"
    assert desk.git("-c", signers, "log", "-1", "--format=%G?").strip() == "G"
    assert audit.verify(desk.workspace, desk.state).ok
    desk.close()


def test_two_processes_approving_at_once_leave_one_chain(desk: Any, tmp_path: Path, new_desk: Any) -> None:
    """Each makes plugins of its own in the same workspace, at the same time."""
    children = []
    for who in ("ann", "bob", "cyd"):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                other = new_desk(tmp_path / "work", tmp_path / "state")
                for number in range(4):
                    other.approve(other.review("0.1.0", id=f"{who}-{number}"))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    report = audit.verify(desk.workspace, desk.state)
    assert (report.ok, report.decisions, report.events, report.notes) == (True, 12, 12, ())
    assert desk.git("status", "--short") == ""
    assert len(desk.git("log", "--format=%H", "--", "plugins").split()) == 13


@pytest.mark.parametrize("branch", ["feature/new-thing", "größe", "fix#1", "a@b", "v1.2", "x{y}", "'quoted\"", "-dash"])
def test_any_branch_that_git_allows_will_do(desk: Any, branch: str) -> None:
    desk.git("update-ref", f"refs/heads/{branch}", "HEAD")
    desk.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    made = desk.approve("0.1.0")
    desk.rollback()
    assert desk.git("rev-parse", f"refs/heads/{branch}~1").strip() == made.commit
    assert desk.git("status", "--short") == ""
    assert audit.verify(desk.workspace, desk.state).ok


@pytest.mark.parametrize("name", ["with space", "größe", "quote'\"", "new\nline", "-dash", "\udcff"])
def test_any_path_that_the_system_allows_will_do(tmp_path: Path, person: Path, new_desk: Any, name: str) -> None:
    workspaces.init(tmp_path / name / "work", UserState(tmp_path / name / "state")).close()
    desk = new_desk(tmp_path / name / "work", tmp_path / name / "state")
    desk.approve("0.1.0")
    desk.rollback()
    assert audit.verify(desk.workspace, desk.state).ok
    desk.close()
