"""A change of some paths: made as a commit from bytes, then brought into the index and the work tree."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins import folder, objects
from plugins.errors import ConflictError, DiskError, LockedError, RepositoryError
from plugins.history import blobs_of
from plugins.keys import COMMIT, HostKey
from plugins.objects import Entry, GitObject, Person
from plugins.repository import Repository

Sign = Callable[[bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One path from the top of the work tree, what HEAD held there and what it is to hold: blob ids, "" for none."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A commit that no branch holds yet, with every object it needs."""

    commit: str
    edits: tuple[Edit, ...]
    objects: tuple[GitObject, ...]


def refuse_dirty(repository: Repository, commit: str, paths: Sequence[str]) -> None:
    """Raise ConflictError when the person has staged, changed or left untracked anything at or below `paths`."""
    expected, staged = _expected(repository, commit, paths), repository.index(*paths)
    for path, entry in staged.items():
        if entry.stage or expected.get(path) != Entry(mode=entry.mode, id=entry.id):
            raise _conflict(path, "is staged")
    present = _present(repository, paths)
    for path, data in present.items():
        if path not in expected:
            raise _conflict(path, "is not tracked")
        if objects.make("blob", data, repository.algorithm).id != expected[path].id:
            raise _conflict(path, "is changed")
    for path in expected:
        if path not in staged or path not in present:
            raise _conflict(path, "is removed" if path in staged else "is staged for removal")


def build(
    repository: Repository,
    parent: str,
    contents: Mapping[str, bytes | None],
    *,
    message: str,
    author: Person,
    time: int,
    sign: Sign | None,
) -> Built:
    """Make a commit on `parent` that differs from it in `contents` (None removes). Nothing is stored yet."""
    for path in contents:
        _refuse_path(path)
    algorithm = repository.algorithm
    blobs = blobs_of((data for data in contents.values() if data is not None), algorithm)
    entries = {path: _entry(data, algorithm) for path, data in contents.items()}
    trees = repository.tree_with(parent, entries)
    text = objects.commit(
        tree=trees[-1].id, parents=[parent] if parent else [], author=author, time=time, message=message
    )
    if sign is not None:
        text = objects.with_signature(text, sign(text), algorithm)
    made = objects.make("commit", text, algorithm)
    edits = tuple(
        Edit(path=path, old=_id(repository.entry(parent, path)), new=_id(entry)) for path, entry in entries.items()
    )
    return Built(commit=made.id, edits=edits, objects=(*blobs, *trees, made))


def store(repository: Repository, built: Built, also: Iterable[GitObject] = ()) -> None:
    """Store a commit (and `also` other objects), and compare what git gives back with what was meant, path by path."""
    repository.store([*built.objects, *also])
    for edit in built.edits:
        entry = repository.entry(built.commit, edit.path)
        if _id(entry) != edit.new or (entry and entry.mode != objects.FILE):
            raise RepositoryError(f"the commit does not hold {edit.path} as it was approved")


INIT = "init"  # the token of the one change that no journal holds


class IndexLock:
    """Git's own lock on the index, taken before the branch moves so that no other git writes it in between.

    While it is held the lock file says whose it is (`token`), so that one left behind by a crash is known again.
    """

    def __init__(self, repository: Repository, token: str) -> None:
        self._repository, self._token = repository, token
        self._lock = repository.git_dir / "index.lock"
        self._copy = repository.git_dir / f"ratchet-index-{token}"

    def take(self) -> None:
        """Take the lock, or know that it is held for the same change; raises LockedError when git holds it."""
        if self.is_held():
            return
        if self._content() == _mark_of(INIT):
            # `init` crashed at its very end; whoever makes a change holds the workspace's lock, so none is running.
            self._lock.unlink(missing_ok=True)
        disk, mark = self._repository.disk, self._copy.with_name(self._copy.name + ".mark")
        try:
            disk.step("write index.lock")
            mark.write_bytes(_mark_of(self._token))
            disk.step("link index.lock")
            os.link(mark, self._lock)  # the lock appears with its mark or not at all
        except FileExistsError as error:
            raise LockedError(
                "another git process is changing this repository (index.lock exists)",
                hint=f"if no git is running, remove {self._lock}",
            ) from error
        except OSError as error:
            raise DiskError(f"cannot write {self._lock}: {error.strerror}") from error
        finally:
            mark.unlink(missing_ok=True)

    def is_held(self) -> bool:
        """Whether the lock is there and is this change's."""
        return self._content() == _mark_of(self._token)

    def update(self, edits: Iterable[Edit]) -> None:
        """Make the index hold the new content at the edited paths, and nothing else than before elsewhere."""
        disk, index = self._repository.disk, self._repository.git_dir / "index"
        self._clear()
        with contextlib.suppress(FileNotFoundError):
            disk.step("copy index")
            self._copy.write_bytes(index.read_bytes())
        zero = "0" * (64 if self._repository.algorithm == "sha256" else 40)
        lines = [f"100644 {edit.new}\t{edit.path}" if edit.new else f"0 {zero}\t{edit.path}" for edit in edits]
        given = "\0".join(lines).encode() + b"\0"
        self._repository.git(
            "update-index", "-z", "--index-info", given=given, extra={"GIT_INDEX_FILE": str(self._copy)}
        )
        if index.exists():
            self._copy.chmod(index.stat().st_mode & 0o777)
        disk.rename(self._copy, index, at_once=False)

    def release(self) -> None:
        """Let go of the lock, if it is this change's, and of what a crash left beside it."""
        self._clear()
        if self.is_held():
            self._repository.disk.step("remove index.lock")
            self._lock.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Remove what a crash left beside the index, also git's own lock on the copy."""
        for left in self._copy.parent.glob(f"*{self._copy.name}*"):
            left.unlink(missing_ok=True)

    def _content(self) -> bytes:
        try:
            return self._lock.read_bytes()
        except OSError:
            return b""


def _mark_of(token: str) -> bytes:
    return f"ratchet {token}\n".encode()


def update_tree(repository: Repository, edits: Sequence[Edit], token: str) -> tuple[str, ...]:
    """Bring the edited paths of the work tree up to date; returns those that somebody changed meanwhile, left alone."""
    folder.remove_temporary(repository.top, {str(PurePosixPath(edit.path).parent) for edit in edits}, token)
    left = []
    for edit in edits:
        data = folder.read_file(repository.top, edit.path)
        now = "" if data is None else objects.make("blob", data, repository.algorithm).id
        if now == edit.new:
            continue
        if now != edit.old:
            left.append(edit.path)
        elif edit.new:
            content = repository.blob(edit.new)
            folder.write_file(repository.top, edit.path, content, disk=repository.disk, token=token)
        else:
            folder.remove_file(repository.top, edit.path, disk=repository.disk)
    return tuple(left)


def signing(key: HostKey) -> Sign:
    """How a host key signs commits."""
    return lambda text: key.sign(COMMIT, text)


def _refuse_path(path: str) -> None:
    """Refuse a path that leads out of its folder, or into git's own, whoever let it come this far."""
    parts = path.split("/")
    odd = any(part.casefold() in ("", ".", "..", ".git") for part in parts)
    if odd or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        raise RepositoryError(f"{path!r} is not a path that can be committed")


def _expected(repository: Repository, commit: str, paths: Sequence[str]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for path in paths:
        entry = repository.entry(commit, path)
        if entry is None:
            continue
        if entry.mode == objects.FOLDER:
            found |= {f"{path}/{name}": below for name, below in repository.files(commit, path).items()}
        else:
            found[path] = entry
    for path, entry in found.items():
        if entry.mode == objects.SUBMODULE:
            raise ConflictError(f"{path} is a submodule", hint="a plugin is plain files; remove the submodule first")
        if entry.mode == objects.LINK:
            raise ConflictError(f"{path} is a link", hint="a plugin is plain files; remove the link first")
    return found


def _present(repository: Repository, paths: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in paths:
        if folder.is_folder(repository.top, path):
            below = folder.read_files(repository.top, path)
            found |= {f"{path}/{name}": data for name, data in below.items()}
        else:
            data = folder.read_file(repository.top, path)
            if data is not None:
                found[path] = data
    return found


def _conflict(path: str, what: str) -> ConflictError:
    return ConflictError(f"{path} {what}", hint="commit, move or undo your own change there first")


def _entry(data: bytes | None, algorithm: str) -> Entry | None:
    return None if data is None else Entry(mode=objects.FILE, id=objects.make("blob", data, algorithm).id)


def _id(entry: Entry | None) -> str:
    return entry.id if entry else ""


def lock_path(repository: Repository) -> Path:
    """The file whose lock is held while this repository is changed by Ratchet."""
    return repository.common_dir / "ratchet.lock"
