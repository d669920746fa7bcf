"""All git. Nothing that a repository, its configuration or its attributes say can make it run something or reach out.

Git is run as a plain process with an argument list (`plugins.git_process`), never through porcelain that runs filters
or hooks: objects are made from bytes (`plugins.objects`), and refs move by compare-and-swap.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugins import folder, objects
from plugins.disk import Disk
from plugins.errors import LockedError, MovedError, NotFoundError, RepositoryError
from plugins.git_process import PERSONS_CONFIG, Reader, environment, git_program, run, settings
from plugins.objects import Entry, GitObject, Person

NOTES = "refs/notes/ratchet"
EVENTS = "refs/ratchet/events"

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/(?!.*(?:\.\.|@\{|//))[^\x00-\x20\x7f~^:?*\[\\]+")  # as git names them


_NAME_YOURSELF = 'run: git config --global user.name "Your Name"\nand: git config --global user.email you@example.org'


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """One path of the index. `stage` is not 0 while a merge is unresolved."""

    mode: str
    id: str
    stage: int


class Repository:
    """One git repository, by its work tree. Reading runs nothing of it; writing is objects and one ref at a time."""

    def __init__(self, top: Path, git_dir: Path, *, disk: Disk | None = None) -> None:
        self.top, self.git_dir, self.disk = top, git_dir, disk or Disk()
        self._environment = environment() | {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(top)}
        self._reader: Reader | None = None
        self._known: dict[str, GitObject] = {}
        answer = self.git("rev-parse", "--show-object-format", "--is-shallow-repository", "--git-common-dir")
        algorithm, shallow, common = answer.removesuffix(b"\n").split(b"\n", 2)  # a path can hold anything
        self.algorithm, self.shallow = algorithm.decode(), shallow == b"true"
        self.common_dir = (top / os.fsdecode(common)).resolve()

    @classmethod
    def discover(cls, start: Path, *, disk: Disk | None = None) -> Repository | None:
        """The repository whose work tree holds `start`, None where there is none."""
        for parent in (start, *start.parents):
            found = _git_dir(parent)
            if found is not None:
                _refuse_foreign(parent / ".git")
                return cls(parent, found, disk=disk)
        return None

    @classmethod
    def create(cls, top: Path, *, disk: Disk | None = None) -> Repository:
        """Make an empty repository with the branch `main`, without any template."""
        (disk or Disk()).step("git init")
        command = [git_program(), *settings(), "init", "-q", "--template=", "--initial-branch=main", "--", str(top)]
        run(command, environment=environment(), folder=top)
        return cls(top, top / ".git", disk=disk)

    def git(self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        """Run one git command and return its output; raises RepositoryError with what git said."""
        self.disk.step(f"git {arguments[0]}")
        command = [git_program(), *settings(), *arguments]
        return run(command, given=given, environment=self._environment | dict(extra or {}), folder=self.top)

    # Reading

    def branch(self) -> str:
        """The full name of the branch that is checked out, "" when HEAD is detached."""
        data = folder.read_file(self.git_dir, "HEAD") or b""
        if data.startswith(b"ref: refs/heads/") and data != b"ref: refs/heads/.invalid\n":
            return data.removeprefix(b"ref: ").decode(errors="surrogateescape").strip()
        try:  # another way of keeping refs than plain files
            return self.git("symbolic-ref", "-q", "HEAD").decode().strip()
        except RepositoryError:
            return ""

    def head(self) -> str:
        """The commit that is checked out, "" on a branch without one."""
        return self.resolve("HEAD")

    def resolve(self, ref: str) -> str:
        """The commit or object a ref points to, "" where there is none."""
        if ref != "HEAD" and not _REF.fullmatch(ref):
            raise RepositoryError(f"{ref!r} is not the name of a ref")
        found = self._objects().get(ref)
        return found.id if found else ""

    def read(self, id: str) -> GitObject:  # noqa: A002
        """An object: its kind and content."""
        if id in self._known:
            return self._known[id]
        if not _ID.fullmatch(id):
            raise RepositoryError(f"{id!r} is not an object id")
        found = self._objects().get(id)
        if found is None:
            raise NotFoundError(f"git has no object {id}", hint="the clone may be shallow or damaged: run git fsck")
        self._keep(found)
        return found

    def _keep(self, found: GitObject) -> None:
        """Trees and commits are read again and again, and never change."""
        if found.kind != "blob" and len(self._known) < 20_000:
            self._known[found.id] = found

    def has(self, id: str) -> bool:  # noqa: A002
        """Whether an object is there."""
        try:
            self.read(id)
        except NotFoundError:
            return False
        return True

    def blob(self, id: str) -> bytes:  # noqa: A002
        """The bytes of a file's content."""
        return self._read_kind(id, "blob")

    def commit(self, id: str) -> objects.CommitText:  # noqa: A002
        """What a commit says."""
        return objects.read_commit(self._read_kind(id, "commit"))

    def tree(self, id: str) -> dict[str, Entry]:  # noqa: A002
        """The entries of a tree."""
        return objects.read_tree(self._read_kind(id, "tree"), self.algorithm)

    def entry(self, commit: str, path: str) -> Entry | None:
        """What a commit holds at a path, None where it holds nothing."""
        found = Entry(mode=objects.FOLDER, id=self.commit(commit).tree) if commit else None
        for name in Path(path).parts:
            found = self.tree(found.id).get(name) if found and found.mode == objects.FOLDER else None
        return found

    def files(self, commit: str, path: str) -> dict[str, Entry]:
        """Every file below a folder of a commit, by path relative to it; links and submodules are entries too."""
        start = self.entry(commit, path)
        if start is None or start.mode != objects.FOLDER:
            return {}
        return dict(self._below(start.id, ""))

    def _below(self, tree: str, prefix: str) -> Iterator[tuple[str, Entry]]:
        for name, entry in self.tree(tree).items():
            if entry.mode == objects.FOLDER:
                yield from self._below(entry.id, f"{prefix}{name}/")
            else:
                yield prefix + name, entry

    def index(self, *paths: str) -> dict[str, IndexEntry]:
        """What the index holds at and below some paths (relative to the work tree)."""
        entries = {}
        for record in self.git("ls-files", "--stage", "-z", "--", *paths).split(b"\0")[:-1]:
            facts, _, name = record.decode(errors="surrogateescape").partition("\t")
            mode, id_, stage = facts.split()
            entries[name] = IndexEntry(mode=mode, id=id_, stage=int(stage))
        return entries

    def is_ancestor(self, commit: str, other: str) -> bool:
        """Whether `commit` is `other` or one of its ancestors."""
        if not (commit and other and self.has(commit)):
            return False
        return not self.git("rev-list", "-n1", commit, f"^{other}", "--")

    def refs_with(self, commit: str) -> tuple[str, ...]:
        """The branches, tags and remote branches that hold a commit."""
        kinds = ("refs/heads", "refs/tags", "refs/remotes")
        out = self.git("for-each-ref", f"--contains={checked(commit)}", "--format=%(refname)", *kinds)
        return tuple(out.decode().split())

    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes that are plain enough to be named in a setting."""
        return tuple(name for name in self.git("remote").decode().split() if re.fullmatch(r"[A-Za-z0-9._-]+", name))

    def local_settings(self, name: str) -> tuple[str, ...]:
        """Every value of a setting in the repository's own configuration."""
        try:
            return tuple(self.git("config", "--local", "--get-all", "-z", name).decode().split("\0")[:-1])
        except RepositoryError:
            return ()

    # Writing

    def store(self, made: Sequence[GitObject]) -> None:
        """Put objects into the repository, durably, and read each one back."""
        if not made:
            return
        self.git("unpack-objects", "-q", given=objects.pack(made, self.algorithm))
        for item, stored in zip(made, self._objects().get_all([item.id for item in made]), strict=True):
            if stored != item:
                raise RepositoryError(f"git does not give back the {item.kind} that was stored ({item.id})")
            self._keep(item)

    def move(self, ref: str, new: str, old: str) -> None:
        """Point a ref at `new` if it still points at `old` ("" for a ref that must not exist)."""
        try:
            self.move_all([(ref, new, old)])
        except RepositoryError as error:
            now = self.resolve(ref)
            if now == new:
                return
            if now == old:
                hint = f"if no git is running, remove {self.common_dir / ref}.lock"
                raise LockedError(f"{ref} cannot be moved: {error.message}", hint=hint) from error
            hint = "look at the new commits, then try again"
            raise MovedError(f"{ref} moved while the change was made", hint=hint) from error

    def move_all(self, moves: Sequence[tuple[str, str, str]]) -> None:
        """Move some refs (ref, new, old) when each is where it is believed to be; none of them otherwise."""
        lines = [f"update {ref}\0{checked(new)}\0{old or '0' * len(new)}\0" for ref, new, old in moves]
        if lines:
            self.git("update-ref", "--no-deref", "-m", "ratchet", "-z", "--stdin", given="".join(lines).encode())

    def tree_with(self, commit: str, changes: Mapping[str, Entry | None]) -> list[GitObject]:
        """The trees of a commit with some paths changed (None removes one); the root is the last."""
        made: list[GitObject] = []
        root = self.commit(commit).tree if commit else ""
        nested: dict[str, object] = {}
        for path, entry in changes.items():
            *folders, name = path.split("/")
            level = nested
            for below in folders:
                level = level.setdefault(below, {})  # type: ignore[assignment]
            level[name] = entry
        self._graft(root, nested, made)
        if not made or made[-1].kind != "tree":
            made.append(objects.make("tree", b"", self.algorithm))
        return made

    def _graft(self, tree: str, changes: Mapping[str, object], made: list[GitObject]) -> str:
        entries = self.tree(tree) if tree else {}
        for name, change in changes.items():
            if isinstance(change, dict):
                below = entries.get(name)
                if below is not None and below.mode != objects.FOLDER:
                    raise RepositoryError(f"{name} is a file or a link where a folder is needed")
                id_ = self._graft(below.id if below else "", change, made)
                change = Entry(mode=objects.FOLDER, id=id_) if id_ else None  # noqa: PLW2901
            if isinstance(change, Entry):
                entries[name] = change
            else:
                entries.pop(name, None)
        if not entries:
            return ""
        made.append(objects.make("tree", objects.tree(entries), self.algorithm))
        return made[-1].id

    def identity(self) -> Person:
        """Whom the person's git configuration names; nothing of a workspace's is run to find out."""
        self.disk.step("git config")
        return identity(self._environment, self.top)

    def is_set(self, name: str) -> bool:
        """Whether the person's plain git would see a setting here, from whichever of its files."""
        self.disk.step("git config")
        return bool(configured(self._environment, self.top, f"^{re.escape(name.lower())}$"))

    def close(self) -> None:
        """Stop the process that reads objects, if there is one."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _objects(self) -> Reader:
        if self._reader is None or self._reader.owner != os.getpid():
            self.disk.step("git cat-file")
            command = [git_program(), *settings(), "cat-file", "--batch"]
            self._reader = Reader(command, self._environment, self.top)
        return self._reader

    def _read_kind(self, id: str, kind: str) -> bytes:  # noqa: A002
        found = self.read(id)
        if found.kind != kind:
            raise RepositoryError(f"{id} is a {found.kind}, not a {kind}")
        return found.content


def _git_dir(folder: Path) -> Path | None:
    """The git folder that belongs to a work tree at `folder`: `.git`, or what the file `.git` points to."""
    path = folder / ".git"
    if path.is_symlink():
        raise RepositoryError(f"{path} is a link", hint="Ratchet does not follow links in place of git's own files")
    if path.is_dir():
        return path if (path / "HEAD").exists() else None
    if not path.is_file():
        return None
    text = os.fsdecode(path.read_bytes())
    if not text.startswith("gitdir: "):
        raise RepositoryError(f"{path} does not say where git's files are")
    return (folder / text.removeprefix("gitdir: ").rstrip("\n")).resolve()


def _refuse_foreign(path: Path) -> None:
    """Refuse a repository that another account put in a folder above: as git does, and for the same reason."""
    owner, own = path.stat().st_uid, os.geteuid()
    if own != 0 and owner not in (own, 0):
        raise RepositoryError(f"{path} belongs to another account", hint="use a clone of your own")


def identity(base: Mapping[str, str], where: Path) -> Person:
    """Whom git's configuration names, as seen from a folder; RepositoryError where it names nobody."""
    found = configured(base, where, r"^user\.(name|email)$")
    if found.get("user.name", "").strip() and found.get("user.email", "").strip():
        return Person(name=found["user.name"].strip(), email=found["user.email"].strip())
    raise RepositoryError("git does not know who you are", hint=_NAME_YOURSELF)


def configured(base: Mapping[str, str], where: Path, names: str) -> dict[str, str]:
    """The settings that the person's plain git would see in a folder, by lower-case name, where one matches `names`."""
    own = {name: os.environ[name] for name in PERSONS_CONFIG if name in os.environ}
    kept = {name: value for name, value in base.items() if name not in PERSONS_CONFIG} | own
    command = [git_program(), "config", "--null", "--includes", "--get-regexp", names]
    try:
        out = run(command, environment=kept, folder=where).decode(errors="replace")
    except RepositoryError:  # git's way to say that there is none
        return {}
    return dict(record.split("\n", 1) for record in out.split("\0") if "\n" in record)


def checked(id_: str) -> str:
    """An object id that is safe to give to git as an argument."""
    if not _ID.fullmatch(id_):
        raise RepositoryError(f"{id_!r} is not an object id")
    return id_
