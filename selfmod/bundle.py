"""Candidates from outside: a folder, or a candidate file `{"files": [{"path", "content" or "base64"}]}`.

Everything is read once, without following a link, and frozen. What cannot be a candidate at all is said here; what is
wrong with one is for the gate to say.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from plugins.errors import GateRefused, NotFoundError, UsageError
from selfmod.candidate import Candidate

MAX_BYTES: Final = 64 * 2**20
MAX_FILES: Final = 10_000
MAX_DEPTH: Final = 16


class NotACandidate(UsageError):
    """A file that does not hold a candidate."""


def bundle_bytes(candidate: Candidate) -> bytes:
    """Return the candidate file: text as "content", everything else as "base64"; the same bytes for the same files."""
    files = [{"path": path, **_written(candidate.files[path])} for path in sorted(candidate.files, key=str.encode)]
    return (json.dumps({"files": files}, ensure_ascii=True, indent=1) + "\n").encode()


def read_bundle(data: bytes) -> Candidate:
    """Read a candidate file; `NotACandidate` says what is wrong with it."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotACandidate("this is not a candidate file: it is not JSON", hint=_HINT) from error
    entries = value.get("files") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not entries or len(entries) > MAX_FILES:
        raise NotACandidate("this is not a candidate file: it has no list of files", hint=_HINT)
    files: dict[str, bytes] = {}
    for entry in entries:
        path, content = _read(entry)
        if path in files:
            raise NotACandidate(f"the candidate file names {path!r} twice", hint=_HINT)
        files[path] = content
    return Candidate(files=files)


_HINT: Final = 'it looks like {"files": [{"path": "plugin.py", "content": "..."}]}'


def read_path(path: Path) -> Candidate:
    """Read a folder or a candidate file. Links and other odd things in a folder are refused, by name."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror}", id=str(path)) from error
    if stat.S_ISDIR(mode):
        return Candidate(files=_Folder(path).read())
    if not stat.S_ISREG(mode):
        raise NotACandidate(f"{path} is neither a folder nor a file", hint=_HINT, id=str(path))
    return read_bundle(_read_file(path, MAX_BYTES, str(path)))


class _Folder:
    """One walk through a folder, with a bound on everything it may hold."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, bytes] = {}
        self._left = MAX_BYTES

    def read(self) -> dict[str, bytes]:
        self._walk(self._root, "", MAX_DEPTH)
        if not self._files:
            raise NotACandidate(f"{self._root} holds no files", id=str(self._root))
        return self._files

    def _walk(self, folder: Path, prefix: str, depth: int) -> None:
        for entry in sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name)):
            name = prefix + _name(entry.name)
            if entry.is_dir(follow_symlinks=False):
                if entry.name == "__pycache__":
                    continue  # the interpreter's own leavings, where the person ran the tests; never part of a plugin
                if depth == 0:
                    raise GateRefused(f"{name}: folders are nested too deeply", id=name)
                self._walk(Path(entry.path), f"{name}/", depth - 1)
            elif entry.is_file(follow_symlinks=False):
                self._add(name, Path(entry.path))
            else:
                what = "a link" if entry.is_symlink() else "not a regular file"
                raise GateRefused(f"{name} is {what}", hint="a plugin consists of regular files", id=name)

    def _add(self, name: str, path: Path) -> None:
        if len(self._files) == MAX_FILES:
            raise GateRefused(f"more than {MAX_FILES} files", hint="a plugin is small", id=name)
        self._files[name] = _read_file(path, self._left, name)
        self._left -= len(self._files[name])


def _name(name: str) -> str:
    """Refuse names that are not UTF-8: nothing that can be shown or committed would be left of them."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise GateRefused(f"{os.fsencode(name)!r}: the name is not UTF-8", id=repr(os.fsencode(name))) from error
    return name


def _read_file(path: Path, most: int, name: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise GateRefused(f"{name} is not a regular file", id=name)
            data = file.read(most + 1)
    except OSError as error:
        raise NotFoundError(f"cannot read {name}: {error.strerror}", id=name) from error
    if len(data) > most:
        raise GateRefused(f"{name}: more than {MAX_BYTES // 2**20} MB in all", hint="a plugin is small", id=name)
    return data


def _written(content: bytes) -> dict[str, str]:
    try:
        return {"content": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _read(entry: Any) -> tuple[str, bytes]:
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not path or len(entry) != 2:
        raise NotACandidate("an entry of the candidate file has no path or not one content", hint=_HINT)
    try:
        path.encode()
        if isinstance(entry.get("content"), str):
            return path, entry["content"].encode()
        return path, base64.b64decode(entry["base64"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise NotACandidate(f"the content of {path!r} cannot be read", hint=_HINT) from error
