"""A workspace: a folder of a git repository with `plugins/`, `audit_logs/` and `ratchet.toml`."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from plugins import change, folder, ledger, settings
from plugins.disk import Disk
from plugins.errors import ConfigError, NotFoundError, RepositoryError, WorkspaceError
from plugins.events import EventLog
from plugins.git_process import environment
from plugins.keys import COMMIT, DECISION, Signer, parse_signers, required_key
from plugins.lock import hold
from plugins.objects import Person
from plugins.repository import Repository, identity
from plugins.state import UserState

SIGNERS = "audit_logs/allowed_signers"
PLUGINS = "plugins"
_PLUGIN = re.compile(r"[a-z][a-z0-9-]{1,63}")
_IGNORED = "audit_logs/events/"
_SIGNERS_FILE = "gpg.ssh.allowedSignersFile"
_FIRST = ("audit_logs/README.md", SIGNERS, ".gitignore", "plugins/README.md", settings.FILE)

_AUDIT_README = """\
# Audit logs

`decisions/<plugin>.jsonl` is kept in git: one signed line for each approval, rollback and redo of a plugin. Each line
holds the sha256 of the line before it (`previous`), and an SSH signature (namespace `ratchet-decision`) over the line
without its `signature`, written as JSON with sorted keys and no spaces.

`allowed_signers` holds the public keys of those who approve, as `ssh-keygen -Y verify` and `git verify-commit` read
them. A key in it is trusted only when your own user state says so: `ratchet trust` shows it by its fingerprint.

`events/YYYY-MM.jsonl` is not kept in git: what happened here, one chained line each. Its head is anchored in
`refs/ratchet/events` and in user state.

`ratchet audit verify` checks all of it. The gate's whole report on a commit is a git note:
`git log --notes=ratchet`; to fetch notes: `git fetch origin 'refs/notes/*:refs/notes/*'`, to share them:
`git push origin refs/notes/ratchet`.
"""
_PLUGINS_README = """\
# Plugins

Each folder here is a plugin: plain Python with a manifest, committed by `ratchet approve` and by nothing else.
"""


class Workspace:
    """One workspace. Making the object reads one small file; git is asked when something needs it."""

    def __init__(self, root: Path, *, disk: Disk | None = None) -> None:
        self.root = root
        self.disk = disk or Disk()

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"

    @cached_property
    def id(self) -> str:
        """What decisions are bound to; "" when the workspace has none."""
        data = folder.read_file(self.root, settings.FILE) or b""
        return str(settings.parse(data.decode(errors="replace"), settings.FILE).get("workspace.id", ""))

    @cached_property
    def repository(self) -> Repository:
        """The git repository that holds the workspace."""
        found = Repository.discover(self.root, disk=self.disk)
        if found is None:
            raise WorkspaceError(
                f"{self.root} is not in a git repository", hint="make a workspace with: ratchet init DIR"
            )
        return found

    @cached_property
    def prefix(self) -> str:
        """Where the workspace is in the repository: "" at its top, else "some/folder/"."""
        below = self.root.relative_to(self.repository.top)
        return "" if below == Path() else f"{below.as_posix()}/"

    def in_git(self, path: str) -> str:
        """A path of the workspace, as git names it."""
        return self.prefix + path

    def plugin_ids(self) -> tuple[str, ...]:
        """The folders that could be plugins, and the plugins that have a ledger, sorted."""
        there = {name for name in folder.names(self.root, PLUGINS) if not name.startswith((".", "__"))}
        folders = {name for name in there if (self.root / PLUGINS / name).is_dir()}
        decided = {ledger.plugin_of(name) for name in folder.names(self.root, ledger.FOLDER)} - {""}
        return tuple(sorted(folders | decided))

    def signers(self) -> tuple[Signer, ...]:
        """The keys that the workspace offers for trust; nothing trusts them by itself."""
        data = folder.read_file(self.root, SIGNERS) or b""
        return parse_signers(data.decode(errors="replace"))

    @contextlib.contextmanager
    def lock(self, *, wait_s: float = 10.0) -> Iterator[None]:
        """Hold the workspace for one change: among the threads and processes of every Ratchet on this repository."""
        with hold(change.lock_path(self.repository), "the workspace", wait_s=wait_s):
            yield

    def events(self, state: UserState, *, now: Callable[[], dt.datetime] | None = None) -> EventLog:
        """The event log."""
        return EventLog(self.root, state, lock=self.lock, now=now, disk=self.disk)

    def close(self) -> None:
        """Stop what reads git."""
        if "repository" in self.__dict__:
            self.repository.close()


def plugin_id(name: str) -> str:
    """The id, if it is one that a plugin can have; it becomes part of a path."""
    if not _PLUGIN.fullmatch(name):
        raise NotFoundError(f"{name!r} is not a plugin's id", hint="lower-case letters, digits and hyphens")
    return name


def find(start: Path | None = None, explicit: Path | None = None, *, disk: Disk | None = None) -> Workspace:
    """The workspace named with `--workspace`, or the nearest one upwards; raises NotFoundError where there is none."""
    if explicit is not None:
        root = Path(os.path.realpath(explicit))
        if not _is_workspace(root):
            raise NotFoundError(
                f"{explicit} is not a workspace", hint="make one with: ratchet init DIR", id=str(explicit)
            )
        return Workspace(root, disk=disk)
    here = Path(os.path.realpath(start or Path.cwd()))
    for root in (here, *here.parents):
        if _is_workspace(root):
            return Workspace(root, disk=disk)
    raise NotFoundError("there is no workspace here or above", hint="make one with: ratchet init DIR", id=str(here))


def init(target: Path, state: UserState, *, disk: Disk | None = None) -> Workspace:
    """Make a workspace at `target`, with its first commit, and trust it; the repository is made if there is none."""
    from plugins import trust

    root = Path(os.path.realpath(target))
    if _is_workspace(root):
        raise WorkspaceError(f"{target} is a workspace already", id=str(target))
    repository = Repository.discover(root, disk=disk)
    author = repository.identity() if repository is not None else identity(environment(), Path("/"))
    _make_folder(root)
    if repository is None:
        repository = Repository.create(root, disk=disk)
    branch, parent = repository.branch(), repository.head()
    if not branch:
        raise RepositoryError("no branch is checked out", hint="run: git switch -c NAME")
    workspace = Workspace(root, disk=disk)
    key = required_key(state)
    with workspace.lock():
        if not _left_unfinished(workspace, parent):
            signer = Signer(principal=author.email, key=key.public, namespaces=(COMMIT, DECISION))
            contents = _first_files(workspace, signer)
            state.set_aside(root)
            _commit(repository, branch, parent, contents, author=author, sign=change.signing(key))
    set_refspecs(repository)
    set_signers(workspace)
    trust.trust(workspace, state, keys=())
    return workspace


def set_refspecs(repository: Repository) -> None:
    """Make fetches bring Ratchet's notes, and rebases carry them. Nothing is pushed by itself.

    Nothing is shown by itself either: a note is a whole report, kilobytes on one line, and `git log` is the person's.
    """
    _add_setting(repository, "notes.rewriteRef", "refs/notes/ratchet*")
    for remote in repository.remotes():
        _add_setting(repository, f"remote.{remote}.fetch", "refs/notes/ratchet*:refs/notes/ratchet*")


def set_signers(workspace: Workspace) -> None:
    """Let `git verify-commit` know the approvers, where the person has not said whom git is to believe.

    The path is from the top of the work tree, where git looks for it, so that the repository can be moved.
    """
    if not workspace.repository.is_set(_SIGNERS_FILE):
        workspace.repository.git("config", "--local", _SIGNERS_FILE, workspace.in_git(SIGNERS))


def _add_setting(repository: Repository, name: str, value: str) -> None:
    if value not in repository.local_settings(name):
        repository.git("config", "--local", "--add", name, value)


def _is_workspace(root: Path) -> bool:
    """Whether the two things that make a workspace are there, themselves and not links to others."""
    file, plugins = root / settings.FILE, root / PLUGINS
    found = file.is_file() and plugins.is_dir()
    if found and (file.is_symlink() or plugins.is_symlink()):
        raise WorkspaceError(
            f"{root} has a link in place of {settings.FILE} or {PLUGINS}/", hint="links are not followed"
        )
    return found


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(f"cannot make {root}: {error.strerror}") from error


def _left_unfinished(workspace: Workspace, head: str) -> bool:
    """Finish what a crash left of an earlier `init`: its commit is there, some of its files are not."""
    repository = workspace.repository
    entries = {path: repository.entry(head, workspace.in_git(path)) for path in _FIRST} if head else {}
    if entries.get(settings.FILE) is None:
        return False
    missing = {path: entry for path, entry in entries.items() if not (workspace.root / path).exists() and entry}
    edits = [change.Edit(path=workspace.in_git(path), old="", new=entry.id) for path, entry in missing.items()]
    lock = change.IndexLock(repository, change.INIT)
    try:
        lock.take()
        _bring(repository, lock, edits)
    finally:
        lock.release()
    return True


def _first_files(workspace: Workspace, signer: Signer) -> dict[str, bytes]:
    """What the first commit adds, by path in git; files that are there keep what they hold."""
    root = workspace.root
    if (root / settings.FILE).exists():
        raise WorkspaceError(
            f"{root / settings.FILE} is there already", hint="move it away, or add the folder plugins/"
        )
    held = {path: folder.read_file(root, path) or b"" for path in _FIRST}
    files = {
        settings.FILE: _settings_text().encode(),
        "audit_logs/README.md": held["audit_logs/README.md"] or _AUDIT_README.encode(),
        "plugins/README.md": held["plugins/README.md"] or _PLUGINS_README.encode(),
        SIGNERS: _with_line(held[SIGNERS], str(signer)),
        ".gitignore": _with_line(held[".gitignore"], _IGNORED),
    }
    # The settings come last: while they are missing it is no workspace, and `init` can be run again.
    return {workspace.in_git(path): files[path] for path in _FIRST}


def _settings_text() -> str:
    return (
        "# Settings of this workspace: they can only make yours stricter. `ratchet config` shows what is in force.\n"
        f'schema = 1\n\n[workspace]\nid = "{secrets.token_hex(16)}"  # what decisions are bound to; never change it\n'
    )


def _with_line(data: bytes, line: str) -> bytes:
    if line.encode() in data.splitlines():
        return data
    separator = b"\n" if data and not data.endswith(b"\n") else b""
    return data + separator + line.encode() + b"\n"


def _commit(
    repository: Repository, branch: str, parent: str, contents: dict[str, bytes], *, author: Person, sign: change.Sign
) -> None:
    """Commit the first files and write them; those the person has changed and not committed are refused."""
    for path in contents:
        if folder.read_file(repository.top, path) is not None or path in repository.index(path):
            change.refuse_dirty(repository, parent, [path])
    message = "Make a Ratchet workspace\n"
    built = change.build(repository, parent, contents, message=message, author=author, time=int(time.time()), sign=sign)
    change.store(repository, built)
    lock = change.IndexLock(repository, change.INIT)
    try:
        lock.take()
        repository.move(branch, built.commit, parent)
        _bring(repository, lock, built.edits)
    finally:
        lock.release()


def _bring(repository: Repository, lock: change.IndexLock, edits: Sequence[change.Edit]) -> None:
    """Bring files into the index and the work tree."""
    if edits:
        lock.update(edits)
    change.update_tree(repository, edits, change.INIT)


def check_settings(workspace: Workspace) -> None:
    """Raise ConfigError when the workspace has no id: its decisions could not be told from those of another."""
    if not workspace.id:
        raise ConfigError(f"{workspace.root / settings.FILE} has no workspace.id", hint="restore it from git")
