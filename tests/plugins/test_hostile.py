"""A hostile clone: everything in it that could run something when it is only opened, looked at and even approved in."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins import settings, trust
from plugins.enabling import what_it_would_enable
from plugins.errors import ConfigError, RatchetError, UntrustedError, WorkspaceError
from plugins.git_process import environment
from plugins.registry import Registry
from plugins.state import UserState
from plugins.workspace import Workspace, find, init
from sandbox.sandbox import Sandbox
from selfmod import audit

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children fork, do little, and end

HOOKS = (
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "prepare-commit-msg", "commit-msg",
    "post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "pre-receive", "update", "post-receive",
    "post-update", "reference-transaction", "post-index-change", "fsmonitor-watchman", "pre-auto-gc", "post-rewrite",
    "push-to-checkout", "sendemail-validate", "pre-merge-commit", "proc-receive",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes]]]:
    """Listens on loopback and remembers every connection."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                seen.append(b"connected")

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1], seen
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A program that leaves a trace when anything runs it."""
    program = tmp_path / "canary"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >> {tmp_path}/ran\ncat > /dev/null 2>&1 < /dev/null\nexit 0\n')
    program.chmod(0o755)
    return program


def _poison(root: Path, canary: Path, port: int) -> None:
    """Everything in `.git` and the work tree that names a program or a server."""
    hooks = root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        (hooks / name).symlink_to(canary)
    run = str(canary)
    config = root / ".git/config"
    written = config.read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
    config.write_text(f"""{written}
[core]
    fsmonitor = {run}
    hooksPath = {hooks}
    sshCommand = {run}
    pager = {run}
    editor = {run}
    gitProxy = {run}
    askPass = {run}
    alternateRefsCommand = {run}
    attributesFile = {root}/attributes
    splitIndex = true
    untrackedCache = true
[gpg]
    program = {run}
[gpg "ssh"]
    program = {run}
    defaultKeyCommand = {run}
[commit]
    gpgSign = true
[log]
    showSignature = true
[diff]
    external = {run}
[diff "evil"]
    textconv = {run}
    command = {run}
[filter "evil"]
    clean = {run}
    smudge = {run}
    process = {run}
    required = true
[merge "evil"]
    driver = {run}
[credential]
    helper = {run}
[trailer "Decision"]
    command = {run}
    cmd = {run}
[alias]
    rev-parse = !{run}
    ls-files = !{run}
    cat-file = !{run}
    log = !{run}
[pager]
    log = {run}
    config = {run}
[interactive]
    diffFilter = {run}
[sequence]
    editor = {run}
[remote "origin"]
    url = http://127.0.0.1:{port}/repo
    promisor = true
    partialCloneFilter = blob:none
    uploadpack = {run}
    vcs = evil
[remote "ext"]
    url = ext::{run}
    promisor = true
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[extensions]
    partialClone = ext
[include]
    path = {root}/included
[uploadpack]
    packObjectsHook = {run}
""")
    (root / "included").write_text(f"[core]\n\tfsmonitor = {run}\n")
    for attributes in (root / ".gitattributes", root / "attributes", root / "plugins/.gitattributes"):
        attributes.write_text("* filter=evil diff=evil merge=evil text eol=crlf ident\n")
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text("* filter=evil diff=evil text eol=crlf\n")


@pytest.fixture
def hostile(
    desk: Any, tmp_path: Path, canary: Path, server: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A workspace with an approved plugin, made hostile; also modules in it that are named like ours and libraries."""
    desk.approve("0.1.0")
    root = Path(desk.workspace.root)
    _poison(root, canary, server[0])
    for name in ("plugins", "sandbox", "selfmod", "repl", "json", "pydantic", "cryptography", "sitecustomize", "git"):
        text = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).write_text('imported')\n"
        (root / f"{name}.py").write_text(text)
        (root / "plugins" / f"{name}.py").write_text(text)
    (root / "plugins/text-stats/__pycache__").mkdir()
    monkeypatch.chdir(root)
    return root


def _look(root: Path, state: UserState) -> None:
    """What opening, listing, checking and asking for trust do."""
    workspace = find(root / "plugins")
    settings.load(workspace.root, state, {})
    assert workspace.repository.branch() == "refs/heads/main"
    what_it_would_enable(workspace, state)
    trust.is_trusted(workspace, state)
    audit.verify(workspace, state)
    with Sandbox() as sandbox:
        registry = Registry(workspace, state, sandbox)
        registry.plugins()
        with pytest.raises(RatchetError):
            registry.call("text-stats", "nothing")
        registry.close()
    workspace.close()


def test_looking_at_a_hostile_clone_runs_and_sends_nothing(
    hostile: Path, tmp_path: Path, server: tuple[int, list[bytes]]
) -> None:
    _look(hostile, UserState(tmp_path / "stranger"))
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
    assert server[1] == []


def test_even_approving_in_it_runs_nothing_of_it(
    hostile: Path, desk: Any, tmp_path: Path, new_desk: type[Any], server: tuple[int, list[bytes]]
) -> None:
    again = new_desk(hostile, tmp_path / "state")
    _look(hostile, again.state)
    commit = again.approve("0.2.0").commit
    again.rollback()
    again.redo()
    repository = again.workspace.repository
    entry = repository.entry(commit, "plugins/text-stats/plugin.py")
    assert entry is not None
    assert repository.blob(entry.id) == again.candidate("0.2.0").files["plugin.py"], "no filter had a say"
    again.close()
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
    assert server[1] == []


def test_the_canary_does_run_when_plain_git_is_used_there(hostile: Path, tmp_path: Path) -> None:
    """The trap is armed: what Ratchet does not do would have been seen."""
    subprocess.run(["git", "status"], cwd=hostile, capture_output=True)
    assert (tmp_path / "ran").exists()


def test_a_missing_object_is_not_fetched_from_a_promisor(
    hostile: Path, tmp_path: Path, server: tuple[int, list[bytes]]
) -> None:
    workspace = Workspace(hostile)
    assert not workspace.repository.has("0123456789012345678901234567890123456789")
    workspace.close()
    assert not (tmp_path / "ran").exists()
    assert server[1] == []


def test_a_stranger_runs_no_plugin_of_an_untrusted_workspace(desk: Any, tmp_path: Path) -> None:
    desk.approve("0.1.0")
    stranger = UserState(tmp_path / "stranger")
    with Sandbox() as sandbox:
        registry = Registry(desk.workspace, stranger, sandbox)
        (entry,) = registry.plugins()
        assert (entry.status, entry.reason) == ("not-loaded", "the workspace is not trusted")
        with pytest.raises(UntrustedError) as caught:
            registry.call("text-stats", "stats")
        registry.close()
    assert caught.value.exit_code == 16
    assert desk.git("status", "--short") == "", "nothing was written into it"


def test_inherited_variables_of_git_have_no_say(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    subprocess.run(["git", "init", "-q", str(elsewhere)], check=True)
    for name, value in {
        "GIT_DIR": str(elsewhere / ".git"), "GIT_WORK_TREE": str(elsewhere), "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "objects"), "GIT_NAMESPACE": "x", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "true", "GIT_AUTHOR_NAME": "Mallory",
        "GIT_COMMITTER_EMAIL": "mallory@example.org", "GIT_EXTERNAL_DIFF": "false",
        "GIT_TRACE": str(tmp_path / "trace"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    commit = desk.approve("0.1.0").commit
    desk.close()
    text = desk.workspace.__class__(desk.workspace.root).repository.commit(commit)
    assert text.author.startswith("Ada <ada@example.org>")
    assert not (tmp_path / "trace").exists()
    assert list(elsewhere.iterdir()) == [elsewhere / ".git"]


@pytest.mark.parametrize("name", ["plugins", "ratchet.toml"])
def test_a_link_in_place_of_what_makes_a_workspace_is_refused(workspace: Workspace, tmp_path: Path, name: str) -> None:
    (workspace.root / name).rename(tmp_path / "moved")
    (workspace.root / name).symlink_to(tmp_path / "moved")
    with pytest.raises(WorkspaceError, match="link") as caught:
        find(workspace.root)
    assert caught.value.exit_code == 16


@pytest.mark.parametrize(
    "path",
    ["audit_logs", "audit_logs/decisions", "audit_logs/events", "plugins/text-stats", "plugins/text-stats/tests"],
)
def test_a_link_in_place_of_a_folder_is_never_written_through(desk: Any, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = desk.workspace.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(tmp_path / "away")
    target.symlink_to(outside)
    with pytest.raises(RatchetError) as caught:
        desk.approve("0.1.0")
    assert caught.value.exit_code == 16
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_git_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.root / ".git").rename(tmp_path / "git")
    (workspace.root / ".git").symlink_to(tmp_path / "git")
    with pytest.raises(RatchetError, match="link"):
        _ = find(workspace.root).repository


def test_a_pipe_in_place_of_settings_does_not_hang(workspace: Workspace, state: UserState) -> None:
    (workspace.root / "ratchet.toml").unlink()
    os.mkfifo(workspace.root / "ratchet.toml")
    with pytest.raises(RatchetError):
        settings.load(workspace.root, state, {})
    with pytest.raises(RatchetError):
        find(explicit=workspace.root)


def test_foreign_settings_send_nothing_elsewhere(workspace: Workspace, state: UserState) -> None:
    with (workspace.root / "ratchet.toml").open("a") as file:
        file.write('\n[model]\nbase_url = "http://evil.example"\nname = "expensive"\n[budget]\nday_money = 100000.0\n')
    found = settings.load(workspace.root, state, {"OPENAI_API_KEY": "k"})
    assert (found.text("model.base_url"), found.text("model.name")) == ("", "")
    assert found.number("budget.day_money") == 5.0
    assert len(found.notes) == 3
    assert "base_url" in found.notes[0]


def test_settings_that_are_none_name_their_line(workspace: Workspace, state: UserState) -> None:
    with (workspace.root / "ratchet.toml").open("a") as file:
        file.write("\n[gate]\nno_such = 1\n")
    with pytest.raises(ConfigError, match=r"ratchet\.toml:\d+: there is no setting 'gate.no_such'"):
        settings.load(workspace.root, state, {})


def test_a_name_with_a_way_out_is_no_plugin(desk: Any) -> None:
    for name in ("../x", ".git", "a/b", "-x", "A", "x" * 65):
        review = desk.review("0.1.0", id=name)
        with pytest.raises(RatchetError) as caught:
            desk.approve(review)
        assert caught.value.exit_code in (16, 17)


def test_user_state_and_its_files_are_the_persons_alone(desk: Any) -> None:
    desk.approve("0.1.0")
    for path in desk.state.root.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another account")
def test_a_repository_that_another_account_put_there_is_refused(workspace: Workspace) -> None:
    os.chown(workspace.root / ".git", 12345, 12345)
    for folder in (workspace.root, *workspace.root.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    child = os.fork()
    if child == 0:
        os.seteuid(54321)
        try:
            _ = Workspace(workspace.root).repository
        except RatchetError as error:
            os._exit(error.exit_code if "another account" in error.message else 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 16


def test_a_workspace_below_the_top_of_a_repository_is_one(
    tmp_path: Path, person: Path, git: Callable[..., str]
) -> None:
    git(tmp_path, "init", "-q", "outer")
    outer = tmp_path / "outer"
    (outer / "a.txt").write_text("a")
    git(outer, "add", "a.txt")
    git(outer, "commit", "-qm", "first")
    made = init(outer / "inner", UserState(tmp_path / "state"))
    assert made.prefix == "inner/"
    assert git(outer, "status", "--short") == ""
    made.close()


def test_git_is_given_no_key_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("ARK_API_KEY", "ark-secret")
    assert not any("secret" in value for value in environment().values())
