"""What the journal does when the world went on between a crash and the next start, or while it works."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins.disk import Disk
from plugins.errors import AuditError, StateError
from selfmod import audit
from selfmod.faults import Counting, Killing

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children fork, do little, and end


@pytest.fixture
def killed_at(desk: Any, tmp_path: Path, new_desk: Any) -> Callable[[str], None]:
    """Approves 0.2.0 over 0.1.0 in a child that is killed right before a named point."""
    desk.approve("0.1.0")
    desk.git("branch", "other")
    for name in ("work", "state"):
        shutil.copytree(tmp_path / name, tmp_path / f"kept-{name}", symlinks=True)

    def kill(point: str) -> None:
        counting = Counting()
        counted = new_desk(tmp_path / "work", tmp_path / "state", counting)
        counted.approve("0.2.0")
        counted.close()
        for name in ("work", "state"):
            shutil.rmtree(tmp_path / name)
            (tmp_path / f"kept-{name}").rename(tmp_path / name)
        child = os.fork()
        if child == 0:
            new_desk(tmp_path / "work", tmp_path / "state", Killing(counting.points.index(point))).approve("0.2.0")
            os._exit(0)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])

    return kill


def _fresh(desk: Any, tmp_path: Path, new_desk: Any) -> Any:
    desk.close()
    return new_desk(tmp_path / "work", tmp_path / "state")


def test_another_branch_by_now_is_left_as_it_is(
    desk: Any, killed_at: Callable[[str], None], tmp_path: Path, new_desk: Any
) -> None:
    killed_at("copy index")
    again = _fresh(desk, tmp_path, new_desk)
    again.git("symbolic-ref", "HEAD", "refs/heads/other")
    found = again.journal.recover()
    assert found.outcome == "finished"
    assert "left as you have them: plugins/text-stats/plugin.py" in found.message
    assert again.git("status", "--short") == ""
    assert not (tmp_path / "work/.git/index.lock").exists()
    again.git("switch", "-q", "main")
    assert b"0.2.0" in (tmp_path / "work/plugins/text-stats/plugin.py").read_bytes()
    assert audit.verify(again.workspace, again.state).ok
    again.close()


def test_an_edit_made_after_the_crash_is_not_overwritten(
    desk: Any, killed_at: Callable[[str], None], tmp_path: Path, new_desk: Any
) -> None:
    killed_at("copy index")
    again = _fresh(desk, tmp_path, new_desk)
    again.write("plugins/text-stats/plugin.py", "mine\n")
    found = again.journal.recover()
    assert "left as you have them: plugins/text-stats/plugin.py" in found.message
    assert (tmp_path / "work/plugins/text-stats/plugin.py").read_text() == "mine\n"
    assert again.git("status", "--short") == " M plugins/text-stats/plugin.py\n"
    again.close()


def test_a_branch_taken_back_after_the_crash_is_undone(
    desk: Any, killed_at: Callable[[str], None], tmp_path: Path, new_desk: Any
) -> None:
    killed_at("copy index")
    again = _fresh(desk, tmp_path, new_desk)
    again.git("update-ref", "refs/heads/main", "HEAD~1")
    found = again.journal.recover()
    assert (found.outcome, again.git("status", "--short")) == ("undone", "")
    assert [event.kind for event in again.workspace.events(again.state).read().events] == ["committed", "undone"]
    assert again.journal.recovered == [found]
    again.approve("0.2.0")
    assert audit.verify(again.workspace, again.state).ok
    again.close()


def test_work_on_top_of_the_new_commit_is_kept(
    desk: Any, killed_at: Callable[[str], None], tmp_path: Path, new_desk: Any
) -> None:
    """The person removed the lock by hand and went on; what they committed since is not taken back."""
    killed_at("create plugins/text-stats/plugin.yaml")
    again = _fresh(desk, tmp_path, new_desk)
    (tmp_path / "work/.git/index.lock").unlink()
    again.write("plugins/text-stats/plugin.py", "mine\n")
    again.git("add", "plugins/text-stats/plugin.py")
    again.git("commit", "-qm", "mine")
    assert again.journal.recover().outcome == "finished"
    assert (tmp_path / "work/plugins/text-stats/plugin.py").read_text() == "mine\n"
    assert again.git("status", "--short") == ""
    assert {problem.kind for problem in audit.verify(again.workspace, again.state).problems} == {"undecided"}
    again.close()


def test_an_audit_in_between_says_that_a_change_is_under_way(
    desk: Any, killed_at: Callable[[str], None], tmp_path: Path, new_desk: Any
) -> None:
    killed_at("git update-ref")
    again = _fresh(desk, tmp_path, new_desk)
    assert [note.kind for note in audit.verify(again.workspace, again.state).notes] == ["interrupted"]
    again.close()


def test_a_damaged_journal_is_said_and_not_guessed_at(desk: Any) -> None:
    desk.approve("0.1.0")
    desk.state.write(desk.state.workspace_dir(desk.workspace.root) / "journal.json", b'{"edits": 3}')
    with pytest.raises(AuditError, match="cannot be read"):
        desk.journal.recover()


def test_notes_that_others_move_meanwhile_keep_both(desk: Any, tmp_path: Path, new_desk: Any) -> None:
    class Meanwhile(Disk):
        def step(self, name: str) -> None:
            """Somebody adds a note just before ours would be put on top."""
            if name == "git update-ref":
                desk.seen = [*desk.seen, name]
                if len(desk.seen) == 2:
                    desk.git("notes", "--ref=ratchet", "add", "-m", "theirs", "HEAD~1")

    desk.seen = []
    other = new_desk(tmp_path / "work", tmp_path / "state", Meanwhile())
    other.approve("0.1.0")
    other.close()
    assert desk.git("notes", "--ref=ratchet", "show", "HEAD~1") == "theirs\n"
    assert "in-toto" in desk.git("notes", "--ref=ratchet", "show", "HEAD")
    assert audit.verify(desk.workspace, desk.state).ok


def test_what_fails_after_the_commit_is_finished_by_the_next_start(desk: Any) -> None:
    def broken(change: object) -> None:
        raise OSError("no space")

    desk.journal.settle = broken
    with pytest.raises(StateError, match="a later step failed: no space") as caught:
        desk.approve("0.1.0")
    assert "next start" in caught.value.hint
    told = []
    desk.journal.settle = lambda change: told.append(change.proposals)
    assert desk.journal.recover().outcome == "finished"
    assert told == [("P-1",)]
    assert audit.verify(desk.workspace, desk.state).ok
    assert audit.verify(desk.workspace, desk.state).events == 1
