from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins import change, objects
from plugins.errors import LockedError, MovedError, NotFoundError, RepositoryError
from plugins.history import history, note, with_note
from plugins.objects import Entry, Person
from plugins.repository import NOTES, Repository
from plugins.workspace import Workspace

Git = Callable[..., str]

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children fork, do little, and end

ADA = Person(name="Ada", email="ada@example.org")
NAME = st.text('ab.Z-_é\u202e"\\ ', min_size=1, max_size=6).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAME, min_size=1, max_size=3).map("/".join)


@pytest.fixture
def repository(workspace: Workspace) -> Repository:
    return workspace.repository


def _commit(repository: Repository, contents: dict[str, bytes | None], message: str = "x\n") -> str:
    head = repository.head()
    built = change.build(repository, head, contents, message=message, author=ADA, time=1_700_000_000, sign=None)
    change.store(repository, built)
    repository.move("refs/heads/main", built.commit, head)
    return built.commit


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(["sha1", "sha256"]), data=st.data())
def test_trees_are_what_git_reads(tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject) -> None:
    """Trees with any names and folders, made here and there."""
    folder = _EMPTY.setdefault(name, tmp_path_factory.mktemp(name))
    if not (folder / ".git").exists():
        subprocess.run(["git", "init", "-q", f"--object-format={name}"], cwd=folder, check=True)
    repository = Repository(folder, folder / ".git")
    contents: dict[str, bytes] = {}
    for path in data.draw(st.lists(PATHS, min_size=1, max_size=6)):
        parents = {path[:at] for at, letter in enumerate(path) if letter == "/"}
        if not parents & contents.keys() and not any(known.startswith(f"{path}/") for known in contents):
            contents[path] = data.draw(st.binary(max_size=20))
    entries = {
        path: Entry(mode=objects.FILE, id=objects.make("blob", value, name).id) for path, value in contents.items()
    }
    trees = repository.tree_with("", dict(entries))
    repository.store([*change.blobs_of(contents.values(), name), *trees])
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "-z", "--full-tree", trees[-1].id], cwd=folder, capture_output=True, check=True
    ).stdout
    found = {line.split(b"\t")[1].decode(): line.split()[2].decode() for line in listed.split(b"\0")[:-1]}
    assert found == {path: entry.id for path, entry in entries.items()}
    fsck = subprocess.run(["git", "fsck", "--strict", "--no-dangling"], cwd=folder, capture_output=True, text=True)
    assert "error" not in fsck.stderr, fsck.stderr
    repository.close()


_EMPTY: dict[str, Path] = {}


def test_removing_the_last_file_removes_its_folders(repository: Repository, git: Git) -> None:
    _commit(repository, {"a/b/c.txt": b"1", "a/d.txt": b"2"})
    _commit(repository, {"a/b/c.txt": None})
    assert git(repository.top, "ls-tree", "-r", "--name-only", "HEAD", "a").split() == ["a/d.txt"]
    _commit(repository, {"a/d.txt": None})
    assert repository.entry(repository.head(), "a") is None
    assert git(repository.top, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/./b", ".git/config", "a/.GIT/x", "a\nb", "", "a\0b"])
def test_a_path_that_leads_elsewhere_is_never_committed(repository: Repository, path: str) -> None:
    with pytest.raises(RepositoryError, match="not a path"):
        change.build(repository, repository.head(), {path: b"x"}, message="x", author=ADA, time=0, sign=None)


def test_a_file_in_place_of_a_folder_is_refused(repository: Repository) -> None:
    with pytest.raises(RepositoryError, match="where a folder is needed"):
        _commit(repository, {"ratchet.toml/x": b"x"})


def test_a_ref_moves_only_from_where_it_is(repository: Repository, git: Git) -> None:
    old = repository.head()
    new = _commit(repository, {"a.txt": b"1"})
    with pytest.raises(MovedError):
        repository.move("refs/heads/main", old, old)
    repository.move("refs/heads/main", new, old)  # done already
    assert repository.head() == new
    repository.move("refs/heads/other", new, "")
    with pytest.raises(MovedError):
        repository.move("refs/heads/other", old, "")
    lock = repository.git_dir / "refs/heads/main.lock"
    lock.write_bytes(b"")
    with pytest.raises(LockedError) as caught:
        repository.move("refs/heads/main", old, new)
    assert "main.lock" in caught.value.hint
    lock.unlink()


@pytest.mark.parametrize(
    "name", ["--help", "main", "refs/heads/../x", "refs/heads/a b", "HEAD^", "refs/heads/x\ny", ""]
)
def test_only_plain_refs_and_ids_are_given_to_git(repository: Repository, name: str) -> None:
    with pytest.raises(RepositoryError):
        repository.resolve(name)
    with pytest.raises(RepositoryError):
        repository.read(name)
    with pytest.raises(RepositoryError):
        history(repository, name)


def test_what_is_not_there_is_said(repository: Repository) -> None:
    assert repository.resolve("refs/heads/nope") == ""
    assert repository.entry(repository.head(), "no/such") is None
    assert repository.files(repository.head(), "no") == {}
    with pytest.raises(NotFoundError):
        repository.read("0" * 40)
    with pytest.raises(RepositoryError, match="is a commit, not a blob"):
        repository.blob(repository.head())


def test_notes_of_git_and_ours_live_together(repository: Repository, git: Git) -> None:
    """Git spreads notes over folders as they grow; a note is found wherever it is."""
    commits = [_commit(repository, {"n.txt": str(number).encode()}) for number in range(3)]
    git(repository.top, "notes", "--ref=ratchet", "add", "-m", "by git", commits[0])
    tip = repository.resolve(NOTES)
    made = with_note(repository, tip, commits[1], b"ours\n", ADA, 1)
    repository.store(made)
    repository.move(NOTES, made[-1].id, tip)
    spread = f"{commits[2][:2]}/{commits[2][2:]}"
    blob = objects.make("blob", b"spread\n")
    trees = repository.tree_with(repository.resolve(NOTES), {spread: Entry(mode=objects.FILE, id=blob.id)})
    text = objects.commit(tree=trees[-1].id, parents=[made[-1].id], author=ADA, time=1, message="x\n")
    repository.store([blob, *trees, objects.make("commit", text)])
    repository.move(NOTES, objects.make("commit", text).id, made[-1].id)
    assert [note(repository, commit) for commit in commits] == [b"by git\n", b"ours\n", b"spread\n"]
    assert [git(repository.top, "notes", "--ref=ratchet", "show", commit) for commit in commits] == [
        "by git\n", "ours\n", "spread\n",
    ]  # fmt: skip
    assert note(repository, repository.commit(commits[0]).parents[0]) is None


def test_history_lists_each_change_and_each_side_of_a_merge(repository: Repository, git: Git) -> None:
    base = _commit(repository, {"p/a.txt": b"1", "q.txt": b"1"})
    git(repository.top, "checkout", "-q", "-f", "main")
    git(repository.top, "reset", "-q", "--hard")
    git(repository.top, "switch", "-qc", "side")
    (repository.top / "p/b.txt").write_text("2")
    git(repository.top, "add", "p")
    git(repository.top, "commit", "-qm", "side")
    git(repository.top, "switch", "-q", "main")
    (repository.top / "q.txt").write_text("3")
    git(repository.top, "commit", "-qam", "not in p")
    git(repository.top, "merge", "-q", "--no-edit", "side")
    touches = history(repository, repository.head(), "p")
    assert touches[0].commit == base
    assert [[path for path, _, _ in touch.changes] for touch in touches] == [["p/a.txt"], ["p/b.txt"], ["p/b.txt"]]
    assert len(touches[-1].parents) == 2


def test_a_message_that_looks_like_a_header_stays_a_message() -> None:
    content = objects.commit(tree="a" * 40, parents=[], author=Person(name="A\n<x>", email="a\n>b"), time=0,
                             message="subject\n\ntree 123\nKey: value\nKey: other\nno trailer here\n")  # fmt: skip
    found = objects.read_commit(content)
    assert (found.tree, found.author) == ("a" * 40, "Ax <ab> 0 +0000")
    assert found.trailers == {"Key": ("value", "other")}
    assert found.signed == content


def test_the_signature_is_outside_of_what_it_covers() -> None:
    content = objects.commit(tree="a" * 40, parents=["b" * 40], author=ADA, time=0, message="x\n")
    for algorithm in ("sha1", "sha256"):
        signed = objects.with_signature(content, "-----BEGIN-----\nabc\n-----END-----\n", algorithm)
        found = objects.read_commit(signed)
        assert found.signed == content
        assert found.signature == "-----BEGIN-----\nabc\n-----END-----"


def test_the_persons_identity_is_read_wherever_they_keep_it(
    repository: Repository, person: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository.identity() == Person(name="Ada", email="ada@example.org")
    (tmp_path / "work.config").write_text("[user]\n\temail = ada@work.example\n")
    (person / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = a@x\n"
        f'[includeIf "gitdir:{repository.top}/"]\n\tpath = {tmp_path}/work.config\n'
    )
    assert repository.identity().email == "ada@work.example"
    git(repository.top, "config", "user.name", "Ada L.")
    assert repository.identity().name == "Ada L."
    (tmp_path / "global").write_text("[user]\n\tname = G\n\temail = g@x\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    assert repository.identity() == Person(name="Ada L.", email="g@x")


def test_an_empty_index_lock_left_by_others_is_not_removed(repository: Repository) -> None:
    lock = repository.git_dir / "index.lock"
    lock.write_bytes(b"ratchet other\n")
    ours = change.IndexLock(repository, "mine")
    with pytest.raises(LockedError):
        ours.take()
    ours.release()
    assert lock.exists()
    theirs = change.IndexLock(repository, "other")
    theirs.take()
    theirs.release()
    assert not lock.exists()
    assert list(repository.git_dir.glob("*ratchet-index*")) == []


def test_a_git_that_outlives_its_ratchet_keeps_the_lock(workspace: Workspace, tmp_path: Path) -> None:
    """What the next Ratchet finds is then never changed behind its back."""
    os.mkfifo(tmp_path / "pipe")
    child = os.fork()
    if child == 0:
        with workspace.lock():
            workspace.repository.git("hash-object", "--no-filters", "--", str(tmp_path / "pipe"))
        os._exit(0)
    with (tmp_path / "pipe").open("wb"):  # git has opened its end by now, and waits for more
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with pytest.raises(LockedError), workspace.lock(wait_s=0):
            pass
    with workspace.lock():
        pass


def test_a_crash_of_git_itself_is_not_in_the_way(repository: Repository, git: Git) -> None:
    head = repository.head()
    built = change.build(repository, head, {"a.txt": b"1"}, message="x", author=ADA, time=0, sign=None)
    change.store(repository, built)
    ours = change.IndexLock(repository, "mine")
    ours.take()
    repository.move("refs/heads/main", built.commit, head)
    (repository.git_dir / "ratchet-index-mine").write_bytes(b"half")
    (repository.git_dir / "ratchet-index-mine.lock").write_bytes(b"")
    ours.update(built.edits)
    assert change.update_tree(repository, built.edits, "mine") == ()
    ours.release()
    assert git(repository.top, "status", "--short") == ""
    assert list(repository.git_dir.glob("*ratchet-index*")) == []


def test_a_fork_reads_for_itself(repository: Repository) -> None:
    """Parent and child do not share the process that reads objects."""
    head = repository.head()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            os._exit(0 if all(repository.has(head) and repository.head() == head for _ in range(50)) else 1)
        children.append(child)
    assert all(repository.head() == head for _ in range(50))
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]


def test_an_interrupt_waits_for_git_and_leaves_no_lock(repository: Repository, tmp_path: Path) -> None:
    """Ctrl-C while git runs: git is done, or was ended so that it cleaned up, before anything else happens."""
    os.mkfifo(tmp_path / "pipe")
    interrupt = threading.Thread(target=lambda: _interrupt_once_open(tmp_path / "pipe"))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        repository.git("hash-object", "-w", "--no-filters", "--", str(tmp_path / "pipe"))
    interrupt.join()
    assert [path.name for path in repository.git_dir.rglob("*.lock")] == ["ratchet.lock"], "only our own, which is free"
    assert repository.has(objects.make("blob", b"said in time").id)


def _functions_of(thread: threading.Thread) -> set[str]:
    """The names of the functions that a thread is in."""
    assert thread.ident is not None
    frames = traceback.walk_stack(sys._current_frames().get(thread.ident))
    return {frame.f_code.co_name for frame, _ in frames}


def _interrupt_once_open(pipe: Path) -> None:
    with pipe.open("wb") as file:  # git has opened its end
        while "communicate" not in _functions_of(threading.main_thread()):
            pass  # Popen has not returned yet
        os.kill(os.getpid(), signal.SIGINT)
        file.write(b"said in time")
