from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from plugins.errors import DiskError, LockedError, StateError
from plugins.state import UserState, default_root, workspace_key
from selfmod.faults import Failing

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children fork, do little, and end


def test_nothing_is_made_before_something_is_written(state: UserState) -> None:
    assert state.read("a", "b") is None
    assert state.read_json("c.json") is None
    assert not state.root.exists()


def test_files_and_folders_are_the_persons_alone(state: UserState) -> None:
    os.umask(0)
    try:
        state.write("deep/er/file", b"x")
    finally:
        os.umask(0o022)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [state.root, *state.root.rglob("*")]}
    assert modes == {"state": 0o700, "deep": 0o700, "er": 0o700, "file": 0o600}


def test_a_write_that_fails_leaves_what_was_there(state: UserState, tmp_path: Path) -> None:
    state.write("file", b"old")
    for at in range(5):
        failing = UserState(state.root, disk=Failing(at, errno.ENOSPC))
        with pytest.raises(DiskError, match="cannot write") as caught:
            failing.write("file", b"new")
        assert (caught.value.exit_code, caught.value.hint) == (16, "free some space and try again")
        assert state.read("file") == b"old"
        assert os.listdir(state.root) == ["file"]


def test_links_are_not_followed(state: UserState, tmp_path: Path) -> None:
    state.folder()
    (tmp_path / "target").write_text("secret")
    (state.root / "file").symlink_to(tmp_path / "target")
    with pytest.raises(StateError):
        state.read("file")
    state.write("file", b"x")
    assert (tmp_path / "target").read_text() == "secret"


def test_damaged_json_is_said(state: UserState) -> None:
    state.write("x.json", b"{")
    with pytest.raises(StateError, match="not JSON"):
        state.read_json("x.json")


def test_it_is_where_the_person_keeps_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert default_root() == tmp_path / "xdg/ratchet"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_root() == tmp_path / ".local/state/ratchet"


def test_two_clones_have_folders_of_their_own(state: UserState, tmp_path: Path) -> None:
    (tmp_path / "a/work").mkdir(parents=True)
    (tmp_path / "b/work").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a/work")
    keys = [workspace_key(tmp_path / name) for name in ("a/work", "b/work", "link")]
    assert keys[0] != keys[1]
    assert keys[0] == keys[2]
    assert state.workspace_dir(tmp_path / "a/work").parent == state.root / "workspaces"


def _hold_in_child(state: UserState) -> tuple[int, int]:
    """Another process takes the lock and keeps it until a byte comes."""
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with state.lock("work"):
            os.write(ready[1], b"x")
            os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    return child, go[1]


def test_a_lock_is_held_against_other_processes_and_names_them(state: UserState) -> None:
    child, go = _hold_in_child(state)
    with (
        pytest.raises(LockedError, match=rf"another Ratchet \(process {child}\)") as caught,
        state.lock("work", wait_s=0),
    ):
        pass
    assert caught.value.exit_code == 16
    with state.lock("other", wait_s=0):
        pass
    os.write(go, b"x")
    os.waitpid(child, 0)
    with state.lock("work", wait_s=0):
        pass


def test_a_lock_ends_with_its_process(state: UserState) -> None:
    child, _ = _hold_in_child(state)
    os.kill(child, 9)
    os.waitpid(child, 0)
    with state.lock("work", wait_s=0):
        pass


def test_a_lock_is_held_against_other_threads_and_can_be_taken_again(state: UserState) -> None:
    seen: list[str] = []

    def other() -> None:
        try:
            with state.lock("work", wait_s=0):
                seen.append("in")
        except LockedError:
            seen.append("locked")

    with state.lock("work"), state.lock("work"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    other()
    assert seen == ["locked", "in"]
