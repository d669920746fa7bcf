"""Files of the person, for plugins: opened by `openat2` beneath the root, without links, within a quota."""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import stat
import threading
from collections.abc import Iterable

from sandbox import syscalls
from sandbox.limits import Limits
from sandbox.outside.decide import SYSTEM, Permit, is_within, never_grantable
from sandbox.outside.limited import NotGranted, Written


class HostDisk:
    """The real files. `forbidden` lists trees of this installation that no grant reaches, at any spelling."""

    def __init__(self, permit: Permit, *, forbidden: Iterable[str] = (), limits: Limits) -> None:
        trees = (*SYSTEM, *forbidden)
        self._forbidden = tuple(dict.fromkeys(path for tree in trees for path in (tree, os.path.realpath(tree))))
        self._permit, self._written = permit, Written(limits)
        # A granted folder may itself be reached through a link that the person made: followed here, and never again.
        self._grants = {grant: os.path.realpath(grant) for grant in permit.read_grants}
        self._lock = threading.Lock()

    def read(self, path: str, offset: int, size: int) -> tuple[bytes, bool]:
        """Return a piece of a regular file, and whether it is the last."""
        descriptor = self._open("read", path, os.O_RDONLY)
        try:
            data = os.pread(descriptor, size, offset)
            return data, offset + len(data) >= os.fstat(descriptor).st_size or not data
        finally:
            os.close(descriptor)

    def write(self, path: str, data: bytes, *, append: bool) -> None:
        """Write a regular file, or append to it; new ones get mode 0644 less the umask, folders on the way 0700."""
        with self._lock:
            self._written.check(len(data))
            descriptor = self._open_to_write(path)
            try:
                start = os.fstat(descriptor).st_size if append else 0
                self._written.grow(start, len(data))
                if not append:
                    os.ftruncate(descriptor, 0)
                _write_all(descriptor, data, start)
            finally:
                os.close(descriptor)

    def _open_to_write(self, path: str) -> int:
        try:
            return self._open("write", path, os.O_WRONLY)
        except FileNotFoundError:
            missing = _missing(posixpath.dirname(self._real("write", path)))
            self._written.make(len(missing) + 1)
            for folder in missing:
                _make(folder)
            return self._open("write", path, os.O_WRONLY | os.O_CREAT, mode=0o644)

    def names(self, path: str) -> list[str]:
        """Return the names of regular files and folders; folders end in a slash, links are left out."""
        descriptor = self._open("read", path, os.O_RDONLY | os.O_DIRECTORY, folder=True)
        try:
            with os.scandir(descriptor) as entries:
                return [name for name in map(_shown, entries) if name]
        finally:
            os.close(descriptor)

    def _open(self, kind: str, path: str, flags: int, *, mode: int = 0, folder: bool = False) -> int:
        extra = os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW
        descriptor = _opened(self._real(kind, path), flags | extra, mode)
        try:
            _check_kind(os.fstat(descriptor), folder=folder)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _real(self, kind: str, path: str) -> str:
        """Return a path with the links of its grant resolved, the longest one; NotGranted for what is protected."""
        grant = max((grant for grant in self._grants if is_within(path, grant)), key=len, default=path)
        base = self._grants.get(grant, path)
        real = base.rstrip("/") + path[len(grant) :]
        problem = never_grantable(base) or self._problem(real)
        if problem:
            raise NotGranted(self._permit.refuse(kind, path, problem))
        return real

    def _problem(self, real: str) -> str:
        """Return why a path stays out of reach, by name and by identity: a second mount is the same folder."""
        problem = never_grantable(real, self._forbidden)
        protected = {} if problem else _identities(self._forbidden)
        parts = real.split("/")
        for end in range(len(parts), 1, -1):
            if problem or not protected:
                break
            found = _identity("/".join(parts[:end]))
            problem = f"{protected[found]} cannot be granted" if found in protected else ""
        return problem


def _opened(real: str, flags: int, mode: int = 0) -> int:
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return syscalls.open_beneath(root, real.lstrip("/") or ".", flags, mode=mode)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EXDEV):
            raise OSError(errno.ELOOP, "links are not followed") from error
        raise
    finally:
        os.close(root)


def _missing(folder: str) -> list[str]:
    """Return the folders down to this one that are not there, the outermost first."""
    missing: list[str] = []
    while not _is_there(folder):
        missing.append(folder)
        folder = posixpath.dirname(folder)
    return missing[::-1]


def _is_there(folder: str) -> bool:
    try:
        os.close(_opened(folder, os.O_PATH | os.O_DIRECTORY))
    except FileNotFoundError:
        return False
    return True


def _make(folder: str) -> None:
    above = _opened(posixpath.dirname(folder), os.O_PATH | os.O_DIRECTORY)
    try:
        with contextlib.suppress(FileExistsError):  # made by somebody else meanwhile; a link is not followed later
            os.mkdir(posixpath.basename(folder), 0o700, dir_fd=above)
    finally:
        os.close(above)


def _check_kind(status: os.stat_result, *, folder: bool) -> None:
    if folder:
        return
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise PermissionError(errno.EPERM, "only regular files can be used")
    if status.st_nlink > 1:
        raise PermissionError(errno.EPERM, "a file with further hard links cannot be used")


def _write_all(descriptor: int, data: bytes, start: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], start + done)


def _shown(entry: os.DirEntry[str]) -> str:
    """Return the name of a regular file or folder; an empty text for links and others."""
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return ""  # a name that is not text cannot cross the boundary
    if entry.is_dir(follow_symlinks=False):
        return f"{entry.name}/"
    return entry.name if entry.is_file(follow_symlinks=False) else ""


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _identities(trees: Iterable[str]) -> dict[tuple[int, int] | None, str]:
    found = {_identity(tree): tree for tree in trees}
    found.pop(None, None)
    return found
