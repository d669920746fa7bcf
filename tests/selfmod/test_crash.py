"""kill -9 at every point where a crash can fall: the old state or the new one, and the next start says which."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins import trust
from plugins import workspace as workspaces
from plugins.digest import digest_of
from plugins.disk import Disk
from plugins.errors import LockedError, MovedError, RatchetError, WorkspaceError
from plugins.folder import read_files
from plugins.state import UserState
from selfmod import audit
from selfmod.faults import Counting, Failing, Killing
from selfmod.review import committed, committed_digest

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children fork, do little, and end

OPERATIONS: dict[str, Callable[[Any], object]] = {
    "approve": lambda desk: desk.approve("0.2.0"),
    "rollback": lambda desk: desk.rollback(),
    "redo": lambda desk: desk.redo(),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """Gives the same place again and again, as it was before an operation."""
    top = tmp_path_factory.mktemp("crash")
    home = top / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "XDG_")):
                patch.delenv(name)
        patch.setenv("HOME", str(home))

        def set_up(desk_type: Any, operation: str) -> Path:
            here, kept = top / "here", top / f"kept-{operation}"
            shutil.rmtree(here, ignore_errors=True)
            if not kept.exists():
                workspaces.init(here / "work", UserState(here / "state")).close()
                desk = desk_type(here / "work", here / "state")
                desk.write("other.txt", "staged by the person")
                desk.git("add", "other.txt")
                desk.approve("0.1.0")
                if operation == "redo":
                    desk.rollback()
                desk.close()
                shutil.copytree(here, kept, symlinks=True)
            else:
                shutil.copytree(kept, here, symlinks=True)
            return here

        yield set_up


def _in_child(run: Callable[[], None]) -> int:
    """Run in a fork; returns how it ended."""
    child = os.fork()
    if child == 0:
        try:
            run()
        except BaseException:  # noqa: BLE001 - whatever it is, the child must not go on as a second pytest
            os._exit(3)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def _points(desk_type: Any, here: Path, operation: str) -> list[str]:
    counting = Counting()
    desk = desk_type(here / "work", here / "state", counting)
    OPERATIONS[operation](desk)
    desk.close()
    return counting.points


def _check(desk: Any, old: str, operation: str) -> str:
    """What must hold after the restart; returns "old" or "new"."""
    recovered = desk.journal.recover()
    report = audit.verify(desk.workspace, desk.state)
    assert report.ok, report.problems
    assert not desk.journal.pending()
    assert not (desk.workspace.root / ".git/index.lock").exists()
    assert desk.git("status", "--short") == "A  other.txt\n"
    left = [
        str(path)
        for path in desk.workspace.root.rglob("*")
        if path.name.endswith(".tmp") or "ratchet-index" in path.name
    ]
    assert left == []
    head = desk.git("rev-parse", "HEAD").strip()
    files = read_files(desk.workspace.root, "plugins/text-stats")
    assert (digest_of(files) if files else "") == committed_digest(desk.workspace, "text-stats")
    kinds = [(event.kind, event.fields.get("commit")) for event in desk.workspace.events(desk.state).read().events]
    if head == old:
        assert recovered is None or recovered.outcome == "undone"
        assert ("undone" in {kind for kind, _ in kinds}) == (recovered is not None)
        return "old"
    assert kinds.count(("committed", head)) == 1
    assert desk.git("notes", "--ref=ratchet", "show", "HEAD") if operation == "approve" else True
    assert recovered is None or (recovered.outcome == "finished" and "finished" in recovered.message)
    return "new"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_kill_at_any_point_leaves_the_old_state_or_the_new(
    operation: str, stage: Callable[..., Path], new_desk: type[Any]
) -> None:
    points = _points(new_desk, stage(new_desk, operation), operation)
    assert {point.split()[0] for point in points} >= {"write", "fsync", "rename", "git", "create", "remove"}
    outcomes = []
    for at in range(len(points)):
        here = stage(new_desk, operation)
        old = (here / "work/.git/refs/heads/main").read_text().strip()

        def run(here: Path = here, at: int = at) -> None:
            OPERATIONS[operation](new_desk(here / "work", here / "state", Killing(at)))

        status = _in_child(run)
        assert os.WIFSIGNALED(status), points[at]
        assert os.WTERMSIG(status) == signal.SIGKILL
        desk = new_desk(here / "work", here / "state")
        try:
            outcome = _check(desk, old, operation)
            if outcome == "old":  # and nothing that was left behind is in the way of doing it again
                OPERATIONS[operation](desk)
                assert audit.verify(desk.workspace, desk.state).ok
        except BaseException as error:
            error.add_note(f"killed at point {at}: {points[at]}")
            raise
        finally:
            desk.close()
        outcomes.append(outcome)
    assert outcomes == sorted(outcomes, reverse=True), "once it is committed it stays committed"
    assert set(outcomes) == {"old", "new"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_full_disk_at_any_point_leaves_the_old_state_or_the_new(
    operation: str, stage: Callable[..., Path], new_desk: type[Any]
) -> None:
    points = _points(new_desk, stage(new_desk, operation), operation)
    for at, point in enumerate(points):
        here = stage(new_desk, operation)
        old = (here / "work/.git/refs/heads/main").read_text().strip()
        failing = new_desk(here / "work", here / "state", Failing(at, errno.ENOSPC))
        with pytest.raises((RatchetError, OSError)):
            OPERATIONS[operation](failing)
        failing.close()
        desk = new_desk(here / "work", here / "state")
        desk.journal.recover()
        report = audit.verify(desk.workspace, desk.state)
        assert report.ok, (point, report.problems)
        assert desk.git("status", "--short") == "A  other.txt\n", point
        if desk.git("rev-parse", "HEAD").strip() == old:
            OPERATIONS[operation](desk)
        desk.close()


def test_a_crash_while_recovering_is_recovered_from(stage: Callable[..., Path], new_desk: type[Any]) -> None:
    here = stage(new_desk, "approve")
    points = _points(new_desk, here, "approve")
    after_move = max(index for index, point in enumerate(points) if point == "git update-index")
    at = 0
    while True:
        here = stage(new_desk, "approve")
        old = (here / "work/.git/refs/heads/main").read_text().strip()
        _in_child(lambda here=here: new_desk(here / "work", here / "state", Killing(after_move)).approve("0.2.0"))  # type: ignore[misc]

        def recover(here: Path = here, at: int = at) -> None:
            new_desk(here / "work", here / "state", Killing(at)).journal.recover()

        killed = os.WIFSIGNALED(_in_child(recover))
        desk = new_desk(here / "work", here / "state")
        assert _check(desk, old, "approve") == "new"
        desk.close()
        if not killed:
            break
        at += 1
    assert at > 10


def test_a_kill_at_any_point_of_init_leaves_nothing_in_its_way(stage: Callable[..., Path], new_desk: type[Any]) -> None:
    here = stage(new_desk, "approve").parent / "made"
    counting = Counting()
    workspaces.init(here / "work", UserState(here / "state", disk=counting), disk=counting).close()
    for at, point in enumerate(counting.points):
        shutil.rmtree(here)
        disk = Killing(at)
        _in_child(
            lambda disk=disk: workspaces.init(here / "work", UserState(here / "state", disk=disk), disk=disk).close()
        )  # type: ignore[misc]
        state = UserState(here / "state")
        with contextlib.suppress(WorkspaceError):  # it is one already, and only has to be trusted
            workspaces.init(here / "work", state).close()
        trust.trust(workspaces.find(here / "work"), state, keys=())
        desk = new_desk(here / "work", here / "state")
        assert desk.git("status", "--short") == "", point
        desk.approve("0.1.0")
        assert audit.verify(desk.workspace, desk.state).ok, point
        assert desk.git("status", "--short") == "", point
        desk.close()


def test_plain_git_does_not_work_on_the_index_of_an_interrupted_change(
    stage: Callable[..., Path], new_desk: type[Any]
) -> None:
    """Between the branch and the index a commit of the person's would take the change back: git's own lock is held."""
    at = _points(new_desk, stage(new_desk, "approve"), "approve").index("copy index")
    here = stage(new_desk, "approve")
    _in_child(lambda: new_desk(here / "work", here / "state", Killing(at)).approve("0.2.0"))
    desk = new_desk(here / "work", here / "state")
    done = subprocess.run(["git", "commit", "-qm", "mine"], cwd=here / "work", capture_output=True, text=True)
    assert "index.lock" in done.stderr
    assert "finished" in desk.journal.recover().message
    desk.git("commit", "-qm", "mine")
    assert audit.verify(desk.workspace, desk.state).ok
    assert desk.git("status", "--short") == ""
    desk.close()


def test_a_held_index_lock_is_refused_before_anything_moves(desk: Any) -> None:
    lock = desk.workspace.root / ".git/index.lock"
    lock.write_bytes(b"")
    head = desk.git("rev-parse", "HEAD")
    with pytest.raises(LockedError, match=r"index\.lock") as caught:
        desk.approve()
    assert "remove" in caught.value.hint
    assert caught.value.exit_code == 16
    assert desk.git("rev-parse", "HEAD") == head
    assert lock.exists(), "it is not ours to remove"
    assert not desk.journal.pending()
    lock.unlink()
    desk.approve()


def test_a_branch_that_moves_in_between_is_noticed(desk: Any, tmp_path: Path, new_desk: type[Any]) -> None:
    class Meanwhile(Disk):
        """Another commit is made just before ours would move the branch."""

        def step(self, name: str) -> None:
            if name == "git update-ref" and not desk.moved:
                desk.moved = True
                tree = desk.git("rev-parse", "HEAD^{tree}").strip()
                commit = desk.git("commit-tree", tree, "-p", "HEAD", "-m", "meanwhile").strip()
                desk.git("update-ref", "refs/heads/main", commit)

    desk.moved = False
    other = new_desk(tmp_path / "work", tmp_path / "state", Meanwhile())
    with pytest.raises(MovedError) as caught:
        other.approve()
    assert caught.value.exit_code == 16
    other.close()
    assert desk.git("log", "-1", "--format=%s").strip() == "meanwhile"
    assert desk.git("status", "--short") == ""
    assert committed(desk.workspace, "text-stats") is None
    assert not (desk.workspace.root / ".git/index.lock").exists()
    desk.approve()


@pytest.mark.parametrize("size", [0, 20, 100, 200, 400, 600, 800, 1000, 1500, 2000, 3000, 5000])
def test_a_real_limit_on_the_size_of_files_is_a_clear_error(
    size: int, stage: Callable[..., Path], new_desk: type[Any]
) -> None:
    """The kernel refuses writes beyond a size, to git as well: each size stops another step."""
    here = stage(new_desk, "approve")
    old = (here / "work/.git/refs/heads/main").read_text().strip()

    def run() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            new_desk(here / "work", here / "state").approve("0.2.0")
        except RatchetError as error:
            os._exit(error.exit_code)

    assert os.waitstatus_to_exitcode(_in_child(run)) == (16 if size < 3000 else 0)
    desk = new_desk(here / "work", here / "state")
    outcome = _check(desk, old, "approve")
    if outcome == "old":
        desk.approve("0.2.0")
        assert audit.verify(desk.workspace, desk.state).ok
    desk.close()
