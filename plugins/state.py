"""User state: what belongs to the person and the machine, outside every workspace."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from plugins.disk import Disk
from plugins.errors import DiskError, StateError
from plugins.lock import hold

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class UserState:
    """The folder of one person: keys, trust, budgets, proposals.

    Folders are 0700, files 0600, and writes are whole or not at all. Making one touches nothing; folders
    appear when something is first written.
    """

    def __init__(self, root: Path | None = None, *, disk: Disk | None = None) -> None:
        self.root = root if root is not None else default_root()
        self.disk = disk or Disk()

    def path(self, *parts: str) -> Path:
        """The path of something in user state, whether or not it is there."""
        return self.root.joinpath(*parts)

    def folder(self, *parts: str) -> Path:
        """The path of a folder in user state, made if it is missing."""
        path = self.root.joinpath(*parts)
        make_private(path, self.root)
        return path

    def workspace_dir(self, workspace: Path) -> Path:
        """The folder for what belongs to one workspace, by its real path; two clones never share one."""
        return self.folder("workspaces", workspace_key(workspace))

    def set_aside(self, workspace: Path) -> None:
        """Keep what belonged to an earlier workspace at this path out of the way of a new one; nothing is deleted."""
        folder = self.path("workspaces", workspace_key(workspace))
        if folder.is_dir():
            self.disk.rename(folder, folder.with_name(f"{folder.name}.before-{secrets.token_hex(4)}"))

    def read(self, *parts: str) -> bytes | None:
        """The bytes of a file, None where there is none. A link in its place is refused."""
        return read_private(self.path(*parts))

    def write(self, path: Path | str, data: bytes, *, at_once: bool = True) -> None:
        """Replace a file of user state, whole or not at all (`at_once` as in `Disk.replace`)."""
        target = self.root / path
        make_private(target.parent, self.root)
        with told_when_full(target):
            self.disk.replace(target, data, at_once=at_once)

    def read_json(self, *parts: str) -> object:
        """The JSON of a file, None where there is none."""
        data = self.read(*parts)
        if data is None:
            return None
        try:
            return json.loads(data)
        except ValueError as error:
            raise StateError(f"{self.path(*parts)} is not JSON", hint="move it away; it is made again") from error

    def write_json(self, path: Path | str, value: object, *, at_once: bool = True) -> None:
        """Replace a file with JSON."""
        text = json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True) + "\n"
        self.write(path, text.encode(), at_once=at_once)

    def lock(self, name: str, *, wait_s: float = 10.0) -> contextlib.AbstractContextManager[None]:
        """Hold the lock `name` for one change. The kernel drops it when the process ends, however it ends."""
        return hold(self.folder("locks") / (re.sub(r"[^A-Za-z0-9._-]", "-", name) + ".lock"), name, wait_s=wait_s)


def default_root() -> Path:
    """Where the state of the person is: below XDG_STATE_HOME or ~/.local/state."""
    import platformdirs

    return Path(platformdirs.user_state_path("ratchet", appauthor=False))


def workspace_key(workspace: Path) -> str:
    """A folder name for a workspace: its own name, for people, and a hash of its real path."""
    real = os.path.realpath(workspace)
    name = re.sub(r"[^A-Za-z0-9._-]", "-", Path(real).name)[:40].lstrip(".") or "workspace"
    return f"{name}-{hashlib.sha256(os.fsencode(real)).hexdigest()[:16]}"


def make_private(folder: Path, root: Path) -> None:
    """Make `folder` and what is missing between it and `root`, for the person alone."""
    try:
        if not root.exists():
            root.parent.mkdir(parents=True, exist_ok=True)
            root.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            for part in [*reversed(folder.relative_to(root).parents), folder.relative_to(root)]:
                (root / part).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DiskError(f"cannot make {folder}: {error.strerror}", hint="check the disk and XDG_STATE_HOME") from error


def read_private(path: Path) -> bytes | None:
    """Read a plain file without following a link in its place; None where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StateError(f"{path} is not a plain file", hint="move it away")
        return file.read()


@contextlib.contextmanager
def told_when_full(path: Path) -> Iterator[None]:
    """Turn an error of the disk into one that a person can act on."""
    try:
        yield
    except OSError as error:
        hint = "free some space and try again" if error.errno in _FULL else ""
        raise DiskError(f"cannot write {path}: {error.strerror}", hint=hint) from error
