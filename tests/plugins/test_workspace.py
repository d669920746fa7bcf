from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins import trust
from plugins.errors import ConflictError, NotFoundError, RatchetError, RepositoryError, UntrustedError, WorkspaceError
from plugins.keys import host_key
from plugins.state import UserState
from plugins.workspace import Workspace, find, init, set_refspecs

Git = Callable[..., str]


def test_init_makes_a_repository_with_a_signed_first_commit(workspace: Workspace, git: Git) -> None:
    root = workspace.root
    assert git(root, "branch", "--show-current").strip() == "main"
    assert git(root, "ls-tree", "-r", "--name-only", "HEAD").split() == [
        ".gitignore", "audit_logs/README.md", "audit_logs/allowed_signers", "plugins/README.md", "ratchet.toml",
    ]  # fmt: skip
    assert git(root, "status", "--short", "--ignored") == ""
    git(root, "verify-commit", "HEAD")
    git(root / "plugins", "verify-commit", "HEAD")
    assert len(workspace.id) == 32
    assert git(root, "check-ignore", "audit_logs/events/2026-01.jsonl")


def test_its_maker_trusts_it_and_nobody_else(workspace: Workspace, state: UserState, tmp_path: Path) -> None:
    key = host_key(state)
    assert key is not None
    assert trust.is_trusted(workspace, state)
    assert trust.fingerprints(workspace, state) == {key.public.fingerprint}
    assert [signer.key for signer in workspace.signers()] == [key.public]
    stranger = UserState(tmp_path / "stranger")
    assert trust.fingerprints(workspace, stranger) == frozenset()
    with pytest.raises(UntrustedError):
        trust.require(workspace, stranger)


def test_trust_is_for_a_place_and_an_id(workspace: Workspace, state: UserState, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "-q", str(workspace.root), "clone")
    clone = Workspace(tmp_path / "clone")
    assert clone.id == workspace.id
    assert not trust.is_trusted(clone, state)
    text = (workspace.root / "ratchet.toml").read_text().replace(workspace.id, "0" * 32)
    (workspace.root / "ratchet.toml").write_text(text)
    assert not trust.is_trusted(Workspace(workspace.root), state)
    clone.close()


def test_a_workspace_without_an_id_cannot_be_trusted(workspace: Workspace, state: UserState) -> None:
    (workspace.root / "ratchet.toml").write_text("schema = 1\n")
    with pytest.raises(RatchetError, match=r"no workspace\.id"):
        trust.trust(Workspace(workspace.root), state, keys=())


def test_a_key_is_trusted_until_trust_is_taken_back(workspace: Workspace, state: UserState, tmp_path: Path) -> None:
    other = host_key(UserState(tmp_path / "other"))
    assert other is not None
    trust.trust(workspace, state, keys=[other.public])
    trust.trust(workspace, state, keys=())
    assert other.public.fingerprint in trust.fingerprints(workspace, state)
    trust.revoke(workspace, state)
    assert trust.fingerprints(workspace, state) == frozenset()


def test_find_looks_upwards_and_takes_what_is_named(workspace: Workspace, tmp_path: Path) -> None:
    below = workspace.root / "src/deep"
    below.mkdir(parents=True)
    assert find(below).root == workspace.root
    assert find(tmp_path, explicit=workspace.root).root == workspace.root
    for start, explicit in ((tmp_path, None), (None, below), (None, tmp_path / "nowhere")):
        with pytest.raises(NotFoundError) as caught:
            find(start, explicit=explicit)
        assert caught.value.exit_code == 17
        assert "ratchet init" in caught.value.hint


def test_init_twice_is_refused(workspace: Workspace, state: UserState) -> None:
    with pytest.raises(WorkspaceError, match="already") as caught:
        init(workspace.root, state)
    assert caught.value.exit_code == 16


def test_a_workspace_where_another_one_was_starts_with_nothing_of_it(workspace: Workspace, state: UserState) -> None:
    workspace.events(state).append("proposed", proposal="P-1")
    (state.workspace_dir(workspace.root) / "grants.json").write_text("{}")
    workspace.close()
    shutil.rmtree(workspace.root)
    new = init(workspace.root, state)
    assert new.id != workspace.id
    assert [path.name for path in state.workspace_dir(new.root).iterdir()] == ["trust.json"]
    new.events(state).append("proposed", proposal="P-1")
    (kept,) = state.path("workspaces").glob("*.before-*")
    assert (kept / "grants.json").exists()
    new.close()


@pytest.fixture
def project(tmp_path: Path, person: Path, git: Git) -> Path:
    """Somebody's repository, with work going on in it."""
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "trunk")
    (root / "app.py").write_text("x = 1\n")
    (root / ".gitignore").write_text("*.log")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    (root / "app.py").write_text("x = 2\n")
    (root / "staged.py").write_text("y = 1\n")
    git(root, "add", "staged.py")
    return root


def test_init_inside_a_repository_leaves_the_rest_alone(project: Path, state: UserState, git: Git) -> None:
    before = git(project, "status", "--porcelain=v2")
    made = init(project, state)
    assert git(project, "status", "--porcelain=v2") == before
    assert git(project, "branch", "--show-current").strip() == "trunk"
    assert (project / ".gitignore").read_text() == "*.log\naudit_logs/events/\n"
    assert made.prefix == ""
    made.close()


def test_init_below_a_repositorys_top(project: Path, state: UserState, git: Git) -> None:
    made = init(project / "tools/agent", state)
    assert made.prefix == "tools/agent/"
    assert made.in_git("plugins/x") == "tools/agent/plugins/x"
    assert git(project / "tools/agent", "check-ignore", "audit_logs/events/x.jsonl")
    made.close()


def test_init_where_a_file_of_it_has_uncommitted_changes_is_refused(project: Path, state: UserState, git: Git) -> None:
    (project / ".gitignore").write_text("mine")
    head = git(project, "rev-parse", "HEAD")
    with pytest.raises(ConflictError, match="gitignore is changed"):
        init(project, state)
    assert git(project, "rev-parse", "HEAD") == head
    assert (project / ".gitignore").read_text() == "mine"


def test_init_on_a_detached_head_or_without_identity_is_refused(
    project: Path, state: UserState, git: Git, person: Path
) -> None:
    git(project, "checkout", "-q", "--detach")
    with pytest.raises(RepositoryError, match="no branch"):
        init(project, state)
    (person / ".gitconfig").write_text("")
    with pytest.raises(RepositoryError, match="who you are"):
        init(project / "below", state)


def test_without_identity_nothing_is_made(tmp_path: Path, state: UserState, person: Path) -> None:
    (person / ".gitconfig").write_text("")
    with pytest.raises(RepositoryError, match="who you are"):
        init(tmp_path / "new", state)
    assert not (tmp_path / "new").exists()


def test_fetches_bring_notes_and_git_says_nothing_about_missing_ones(
    workspace: Workspace, tmp_path: Path, git: Git
) -> None:
    git(tmp_path, "clone", "-q", str(workspace.root), "clone")
    clone = Workspace(tmp_path / "clone")
    set_refspecs(clone.repository)
    set_refspecs(clone.repository)
    assert git(clone.root, "config", "--get-all", "remote.origin.fetch").split() == [
        "+refs/heads/*:refs/remotes/origin/*", "refs/notes/ratchet*:refs/notes/ratchet*",
    ]  # fmt: skip
    done = subprocess.run(["git", "log", "-1"], cwd=clone.root, capture_output=True, text=True)
    assert done.stderr == ""
    git(clone.root, "fetch", "-q")
    git(workspace.root, "notes", "--ref=ratchet", "add", "-m", "hello", "HEAD")
    git(clone.root, "fetch", "-q")
    assert git(clone.root, "notes", "--ref=ratchet", "show", "HEAD").strip() == "hello"
    for show in ("log", "show"):
        assert "hello" not in git(clone.root, show, "-s", "HEAD")
    assert "hello" in git(clone.root, "log", "-1", "--notes=ratchet")
    clone.close()


def test_git_that_is_not_there_is_said(workspace: Workspace) -> None:
    subprocess.run(["rm", "-rf", str(workspace.root / ".git")], check=True)
    with pytest.raises(WorkspaceError, match="not in a git repository"):
        _ = Workspace(workspace.root).repository
    (workspace.root / ".git").write_text("nonsense")
    with pytest.raises(RepositoryError):
        _ = Workspace(workspace.root).repository
    (workspace.root / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(RepositoryError):
        _ = Workspace(workspace.root).repository


def test_init_where_nothing_can_be_written_is_said(tmp_path: Path, person: Path, state: UserState) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot make"):
        init(tmp_path / "file/below", state)


def test_opening_costs_no_git_before_it_is_asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = find(workspace.root)
    assert found.id == workspace.id
    assert os.path.samefile(found.root, workspace.root)


def test_a_key_that_others_cannot_see_is_told(workspace: Workspace, state: UserState, tmp_path: Path) -> None:
    assert trust.unlisted(workspace, state) is None
    other = UserState(tmp_path / "other")
    assert trust.unlisted(workspace, other) is None, "there is no key yet"
    key = host_key(other)
    line = trust.unlisted(workspace, other)
    assert line is not None
    assert key is not None
    assert (line.key, line.principal) == (key.public, "ada@example.org")
    with (workspace.root / "audit_logs/allowed_signers").open("a") as file:
        file.write(f"{line}\n")
    assert trust.unlisted(workspace, other) is None


def test_whom_git_believes_already_is_left_as_it_is(workspace: Workspace, state: UserState, git: Git) -> None:
    top = workspace.root.parent / "two"
    top.mkdir()
    git(top, "init", "-q")
    git(top, "config", "gpg.ssh.allowedSignersFile", "mine")
    init(top, state).close()
    assert git(top, "config", "--get-all", "gpg.ssh.allowedSignersFile").split() == ["mine"]
    git(top, "config", "--unset", "gpg.ssh.allowedSignersFile")
    git(top, "config", "--global", "gpg.ssh.allowedSignersFile", "~/mine")
    init(top / "below", state).close()
    assert git(top, "config", "--get-all", "gpg.ssh.allowedSignersFile").split() == ["~/mine"]
    git(top, "config", "--global", "--unset", "gpg.ssh.allowedSignersFile")
    init(top / "third", state).close()
    git(top, "verify-commit", "HEAD")


def test_an_address_of_several_lines_adds_nobody_to_the_signers(state: UserState, tmp_path: Path, git: Git) -> None:
    (tmp_path / "two").mkdir()
    git(tmp_path / "two", "init", "-q")
    git(tmp_path / "two", "config", "user.name", "A Person")
    git(tmp_path / "two", "config", "user.email", "*\nmallory ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB")
    made = init(tmp_path / "two", state)
    made.close()
    assert len((made.root / "audit_logs/allowed_signers").read_text().splitlines()) == 1
    key = host_key(state)
    assert key is not None
    assert [signer.key for signer in made.signers()] == [key.public]
    assert made.signers()[0].principal == "--mallory-ssh-ed25519-AAAAC3NzaC1lZDI1NTE5AAAAIB"
