"""Durable writes. Whatever Ratchet must not lose goes through here, and can be interrupted here in a test."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


class Disk:
    """The one way to write a record: each operation that a crash can fall between announces itself to `step` first.

    `step` does nothing. A test passes an object that stops the process at one of them (`selfmod.faults`); nothing
    outside the process can ask for that.
    """

    def step(self, name: str) -> None:
        """Called before each write, fsync, rename, removal and git call, with what comes next."""

    def write(self, descriptor: int, data: bytes, name: str) -> None:
        """Write all of `data`."""
        self.step(f"write {name}")
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int, name: str) -> None:
        """Wait until the disk holds what was written."""
        self.step(f"fsync {name}")
        os.fsync(descriptor)

    def replace(self, path: Path, data: bytes, mode: int = 0o600, *, at_once: bool = True) -> None:
        """Make `path` hold `data`, or leave it as it was: there is no moment where it holds a part.

        With `at_once` false the disk may still hold the old content after a power cut.
        """
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
        try:
            with self._created(temporary, mode) as descriptor:
                self.write(descriptor, data, path.name)
                self.sync(descriptor, path.name)
            self.rename(temporary, path, at_once=at_once)
        except BaseException:  # an interrupt, too, leaves no part behind
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise

    def rename(self, source: Path, target: Path, *, at_once: bool = True) -> None:
        """Move `source` over `target`, and make the move itself durable."""
        self.step(f"rename {target.name}")
        os.rename(source, target)
        if at_once:
            self.sync_folder(target.parent)

    def append(self, path: Path, data: bytes) -> None:
        """Add `data` at the end of `path` and wait for the disk; a part of it can be left behind by a crash."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            self.write(descriptor, data, path.name)
            self.sync(descriptor, path.name)
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Remove a file if it is there, durably."""
        self.step(f"remove {path.name}")
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            self.sync_folder(path.parent)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in `folder` durable."""
        self.step(f"fsync folder {folder.name}")
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _created(self, path: Path, mode: int) -> Iterator[int]:
        self.step(f"create {path.name.rpartition('.tmp')[0][1:-13] or path.name}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, mode)
        try:
            os.fchmod(descriptor, mode)
            yield descriptor
        finally:
            os.close(descriptor)
