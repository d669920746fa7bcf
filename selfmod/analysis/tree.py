"""Finds the Python sources below a folder without following links, within fixed bounds. What is left out is said."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

MAX_FILE_BYTES = 1_000_000
MAX_TREE_BYTES = 64_000_000
MAX_FILES = 20_000
MAX_ENTRIES = 200_000
MAX_DEPTH = 32
_NOT_SOURCES = {"__pycache__", "node_modules", "build", "dist", "site-packages"}


class Source(NamedTuple):
    """A file as it was read: its path relative to the root, with `/`."""

    path: str
    content: bytes


class Skipped(NamedTuple):
    """A file or folder that was not read, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class _Walk:
    sources: list[Source]
    skipped: list[Skipped]
    entries: int = 0
    size: int = 0

    @property
    def full(self) -> str:
        """Which bound of the whole tree is reached, if one is."""
        if self.entries > MAX_ENTRIES or len(self.sources) >= MAX_FILES:
            return "more files than are looked at"
        return "more source than is looked at" if self.size > MAX_TREE_BYTES else ""


def sources(root: Path) -> tuple[list[Source], list[Skipped]]:
    """The Python files below `root` (or the one file that it is), in order of path, and what was left out."""
    walk = _Walk([], [])
    if root.is_file():
        _take(walk, os.fspath(root), root.name)
    else:
        _folder(walk, os.fspath(root), "", 0)
    return sorted(walk.sources), sorted(walk.skipped)


def _folder(walk: _Walk, folder: str, below: str, depth: int) -> None:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        walk.skipped.append(Skipped(_text(below) or ".", f"cannot be listed: {error.strerror}"))
        return
    if below and any(entry.name == "pyvenv.cfg" for entry in entries):
        return
    for entry in entries:
        walk.entries += 1
        if walk.full:
            walk.skipped.append(Skipped(_text(below + entry.name), walk.full))
            return
        _entry(walk, entry, below, depth)


def _entry(walk: _Walk, entry: os.DirEntry[str], below: str, depth: int) -> None:
    name = entry.name
    source = name.endswith(".py")
    if entry.is_symlink():
        if source:
            walk.skipped.append(Skipped(_text(below + name), "a link"))
    elif entry.is_dir(follow_symlinks=False):
        if name.startswith(".") or name in _NOT_SOURCES or name.endswith(".egg-info"):
            return
        if depth >= MAX_DEPTH:
            walk.skipped.append(Skipped(_text(below + name), "too deep"))
        else:
            _folder(walk, entry.path, f"{below}{name}/", depth + 1)
    elif source:
        _take(walk, entry.path, below + name)


def _take(walk: _Walk, path: str, name: str) -> None:
    try:
        content = read_regular(path, MAX_FILE_BYTES)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        walk.skipped.append(Skipped(_text(name), reason))
        return
    walk.size += len(content)
    walk.sources.append(Source(_text(name), content))


def read_regular(path: str, at_most: int) -> bytes:
    """The bytes of a regular file that is no link and not larger than `at_most`; OSError or ValueError otherwise."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        content = file.read(at_most + 1)
    if len(content) > at_most:
        raise ValueError(f"larger than {at_most} bytes")
    return content


def _text(name: str) -> str:
    """A file name as text that can always be encoded; bytes that are not UTF-8 become escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
