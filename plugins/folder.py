"""Files of a work tree, read and written without following a link anywhere below its top."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from plugins.disk import Disk
from plugins.errors import ConflictError, WorkspaceError

_MOST_FILES = 2000
_MOST_BYTES = 16 * 2**20
# What Python leaves beside a module that somebody ran by hand; it is never loaded and never counts as a change.
_LEFT_BY_PYTHON = "__pycache__"
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextlib.contextmanager
def opened(top: Path, path: str, *, make: bool = False) -> Iterator[int | None]:
    """Open the folder `path` below `top`, one name at a time; gives None where it is missing and `make` is false."""
    descriptor: int | None = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in PurePosixPath(path).parts:
            assert descriptor is not None
            before, descriptor = descriptor, _enter(descriptor, name, path, make=make)
            os.close(before)
            if descriptor is None:
                break
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _enter(parent: int, name: str, path: str, *, make: bool) -> int | None:
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o777, dir_fd=parent)
    try:
        return os.open(name, _FOLDER_FLAGS, dir_fd=parent)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorkspaceError(
            f"{path}: {name} is not a plain folder", hint="Ratchet does not follow a link in place of a folder"
        ) from error


def read_file(top: Path, path: str) -> bytes | None:
    """The bytes of one file, None where there is none; raises WorkspaceError for a link or anything but a file."""
    where = PurePosixPath(path)
    with opened(top, str(where.parent)) as folder:
        return None if folder is None else _read(folder, where.name, path)


def last_byte(top: Path, path: str) -> bytes:
    """The last byte of one file, empty where there is none; as careful as `read_file`, however long the file is."""
    where = PurePosixPath(path)
    with opened(top, str(where.parent)) as folder:
        file = None if folder is None else _opened_file(folder, where.name, path)
    if file is None:
        return b""
    with file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read(1)


def read_files(top: Path, path: str) -> dict[str, bytes]:
    """Every file below a folder, by path relative to it, links and special files refused."""
    found: dict[str, bytes] = {}
    with opened(top, path) as folder:
        if folder is not None:
            _collect(folder, "", path, found)
    return found


def names(top: Path, path: str) -> list[str]:
    """The names in a folder, sorted; none where it is missing."""
    with opened(top, path) as folder:
        return [] if folder is None else sorted(os.listdir(folder))


def is_folder(top: Path, path: str) -> bool:
    """Whether there is a real folder, not a link to one."""
    try:
        with opened(top, path) as folder:
            return folder is not None
    except WorkspaceError:
        return False


def write_file(top: Path, path: str, data: bytes, *, disk: Disk, token: str) -> None:
    """Make a file hold `data`, whole or not at all. `token` names the temporary file, so that it can be found again.

    It is not waited for the disk: git holds the content, as after any checkout.
    """
    where = PurePosixPath(path)
    temporary = f".{token}.tmp"
    with opened(top, str(where.parent), make=True) as folder:
        assert folder is not None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        disk.step(f"create {path}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o644, dir_fd=folder)
        try:
            disk.write(descriptor, data, path)
        finally:
            os.close(descriptor)
        disk.step(f"rename {path}")
        os.rename(temporary, where.name, src_dir_fd=folder, dst_dir_fd=folder)


def remove_file(top: Path, path: str, *, disk: Disk) -> None:
    """Remove a file, and the folders that it leaves empty."""
    where = PurePosixPath(path)
    with opened(top, str(where.parent)) as folder:
        if folder is not None:
            disk.step(f"remove {path}")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(where.name, dir_fd=folder)


def remove_empty(top: Path, path: str) -> None:
    """Remove a folder with every folder in it, if there is no file left but what Python leaves."""
    with opened(top, str(PurePosixPath(path).parent)) as parent:
        if parent is not None:
            _prune(parent, PurePosixPath(path).name)


def remove_temporary(top: Path, folders: set[str], token: str) -> None:
    """Remove what a write that was cut short left behind."""
    for path in folders:
        with opened(top, path) as folder:
            if folder is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f".{token}.tmp", dir_fd=folder)


def _prune(parent: int, name: str) -> None:
    try:
        folder = os.open(name, _FOLDER_FLAGS, dir_fd=parent)
    except OSError:
        return
    try:
        for below in os.listdir(folder):
            if below == _LEFT_BY_PYTHON:
                _drop_cache(folder)
            else:
                _prune(folder, below)
    finally:
        os.close(folder)
    with contextlib.suppress(OSError):  # not empty: somebody's file is in it
        os.rmdir(name, dir_fd=parent)


def _drop_cache(parent: int) -> None:
    with contextlib.suppress(OSError):
        folder = os.open(_LEFT_BY_PYTHON, _FOLDER_FLAGS, dir_fd=parent)
        try:
            for name in os.listdir(folder):
                if name.endswith(".pyc"):
                    os.unlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        os.rmdir(_LEFT_BY_PYTHON, dir_fd=parent)


def _collect(folder: int, prefix: str, path: str, found: dict[str, bytes]) -> None:
    for name in sorted(os.listdir(folder)):
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            if name == _LEFT_BY_PYTHON:
                continue
            below = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            try:
                _collect(below, f"{prefix}{name}/", path, found)
            finally:
                os.close(below)
        else:
            data = _read(folder, name, f"{path}/{prefix}{name}")
            if data is not None:
                found[prefix + name] = data
        if len(found) > _MOST_FILES or sum(map(len, found.values())) > _MOST_BYTES:
            raise ConflictError(f"{path} holds more than a plugin can be")


def _read(folder: int, name: str, path: str) -> bytes | None:
    file = _opened_file(folder, name, path)
    if file is None:
        return None
    with file:
        return file.read()


def _opened_file(folder: int, name: str, path: str) -> BinaryIO | None:
    """A plain file, open for reading; None where there is none."""
    try:
        descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorkspaceError(f"{path} is not a plain file", hint="links are not followed") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise WorkspaceError(f"{path} is not a plain file")
    return os.fdopen(descriptor, "rb")
