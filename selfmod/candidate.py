"""A candidate: frozen bytes that would make or change one plugin, and how they are read, once, within bounds."""

from __future__ import annotations

import base64
import binascii
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from plugins.digest import digest_of

# More than the gate admits, so that the layout stage can say what is too large, and little enough to hold in memory.
MAX_FILE = 512 * 1024
MAX_TOTAL = 2 * 1024 * 1024
MAX_FILES = 256
MAX_DEPTH = 8
MAX_PATH = 1024
MAX_JSON = 4 * 1024 * 1024
CACHES = ("__pycache__", ".pytest_cache")  # folders that running the tests by hand makes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that belongs to a candidate and was not taken in: the layout stage refuses it. `kind` names why."""

    path: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Files by path relative to the plugin's folder. Made once from bytes; nothing reads them from a disk again.

    `unread` is what could not be taken in (a link, a file over the bounds, an unusable name); with anything in it the
    gate refuses, so `files` and the digest need not stand for it.
    """

    files: Mapping[str, bytes]
    unread: tuple[Unread, ...] = field(default=())

    def __post_init__(self) -> None:
        reasons = {path: reason for path in self.files if (reason := _unusable(path))}
        usable = {path: data for path, data in self.files.items() if path not in reasons}
        unusable = tuple(_unread(path, "name", reason) for path, reason in reasons.items())
        object.__setattr__(self, "files", MappingProxyType(usable))
        object.__setattr__(self, "unread", self.unread + unusable)

    @property
    def digest(self) -> str:
        """The "sha256:<64 hex>" of the files (see `plugins.digest`)."""
        return digest_of(self.files)


def read_candidate(path: Path) -> Candidate:
    """Read a folder, or a candidate file. Raises `OSError` only when `path` itself is not there or cannot be opened."""
    return read_folder(path) if path.is_dir() else read_candidate_file(path)


def read_folder(folder: Path) -> Candidate:
    """Read the files under `folder`, following no link; what is not a plain file within the bounds becomes `unread`.

    The caches that running the tests leaves behind (`CACHES`) are no part of a plugin, and left out.
    """
    files: dict[str, bytes] = {}
    unread: list[Unread] = []
    room = MAX_TOTAL
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name, directory, entry in _walk(top, "", unread, iter(range(MAX_FILES))):
            if len(files) >= MAX_FILES:
                unread.append(_unread("", "too-many", f"more than {MAX_FILES} files"))
                break
            data = _read_plain(name, directory, entry, min(MAX_FILE, room))
            if isinstance(data, Unread):
                unread.append(data)
            else:
                files[name] = data
                room -= len(data)
    finally:
        os.close(top)
    return Candidate(files=files, unread=tuple(unread))


def _walk(
    directory: int, prefix: str, unread: list[Unread], folders: Iterator[int]
) -> Iterator[tuple[str, int, os.DirEntry[str]]]:
    """Yield the entries that are not folders, in the order of their names, going down without following links.

    `folders` runs out when enough folders were entered: empty ones cost time too.
    """
    with os.scandir(directory) as found:
        entries = []
        for entry in found:
            entries.append(entry)
            if len(entries) > MAX_FILES:
                break
    for entry in sorted(entries, key=lambda item: item.name):
        name = prefix + entry.name
        if entry.name in CACHES and entry.is_dir(follow_symlinks=False):
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield name, directory, entry
        elif name.count("/") >= MAX_DEPTH:
            unread.append(_unread(name, "too-deep", f"folders nested deeper than {MAX_DEPTH}"))
        elif next(folders, None) is None:
            unread.append(_unread(name, "too-many", f"more than {MAX_FILES} folders"))
            return
        else:
            yield from _below(name, directory, entry, unread, folders)


def _below(
    name: str, directory: int, entry: os.DirEntry[str], unread: list[Unread], folders: Iterator[int]
) -> Iterator[tuple[str, int, os.DirEntry[str]]]:
    try:
        inner = os.open(entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    except OSError as error:
        unread.append(_unread(name, "unreadable", f"the folder cannot be read: {error.strerror}"))
        return
    try:
        yield from _walk(inner, f"{name}/", unread, folders)
    finally:
        os.close(inner)


def _read_plain(name: str, directory: int, entry: os.DirEntry[str], limit: int) -> bytes | Unread:
    try:
        kind = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(kind):
            return _unread(name, "link", "a link; only plain files can be part of a plugin")
        if not stat.S_ISREG(kind):
            return _unread(name, "not-a-file", "not a plain file")
        # It may have been swapped since: the open file decides, without following or waiting.
        opened = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
        with os.fdopen(opened, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return _unread(name, "not-a-file", "not a plain file")
            data = stream.read(limit + 1)
    except OSError as error:
        return _unread(name, "unreadable", f"cannot be read: {error.strerror}")
    return data if len(data) <= limit else _unread(name, "too-large", f"larger than the {limit} bytes that are read")


def read_candidate_file(path: Path) -> Candidate:
    """Read `{"files": [{"path", "content" or "base64"}]}`; whatever else is in the file is refused, not raised.

    A file of a plugin is told apart: its folder was meant.
    """
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return _refused("not-a-file", "not a plain file")
        data = stream.read(MAX_JSON + 1)
    candidate = candidate_from_json(data)
    folder = next((one for one in path.absolute().parents if (one / "plugin.yaml").is_file()), None)
    if candidate.unread[:1] != (_NO_CANDIDATE_FILE,) or folder is None:
        return candidate
    return _refused("candidate-file", f"this is a file of a plugin; name its folder: {folder}")


def candidate_from_json(data: bytes) -> Candidate:
    """Make a candidate from the bytes of a candidate file."""
    if len(data) > MAX_JSON:
        return _refused("too-large", f"larger than the {MAX_JSON} bytes that are read of a candidate file")
    try:
        # Two members of one name mean two things to two readers.
        whole = json.loads(data.decode("utf-8"), object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return Candidate(files={}, unread=(_NO_CANDIDATE_FILE,))
    if not isinstance(whole, dict) or not isinstance(whole.get("files"), list):
        return Candidate(files={}, unread=(_NO_CANDIDATE_FILE,))
    return _from_items(whole["files"])


def candidate_to_json(candidate: Candidate) -> bytes:
    """Write a candidate file: text as `content`, anything else as `base64`."""
    items = []
    for path, data in candidate.files.items():
        try:
            items.append({"path": path, "content": data.decode("utf-8")})
        except UnicodeDecodeError:
            items.append({"path": path, "base64": base64.b64encode(data).decode("ascii")})
    return json.dumps({"files": items}, ensure_ascii=True).encode()


def _from_items(items: list[object]) -> Candidate:
    files: dict[str, bytes] = {}
    unread: list[Unread] = []
    for position, item in enumerate(items):
        if position >= MAX_FILES:
            unread.append(_unread("", "too-many", f"more than {MAX_FILES} files"))
            break
        read = _item(item)
        if isinstance(read, Unread):
            unread.append(read)
        elif read[0] in files:
            unread.append(_unread(read[0], "twice", "the same path twice"))
        else:
            files[read[0]] = read[1]
    return Candidate(files=files, unread=tuple(unread))


def _item(item: object) -> tuple[str, bytes] | Unread:
    if not isinstance(item, dict) or not isinstance(path := item.get("path"), str):
        return _unread("", "candidate-file", "every file needs a path")
    match item:
        case {"content": str() as text, **rest} if rest.keys() <= {"path"}:
            try:
                data = text.encode("utf-8")
            except UnicodeEncodeError:
                return _unread(path, "candidate-file", "the content is not text (lone surrogates)")
        case {"base64": str() as text, **rest} if rest.keys() <= {"path"}:
            try:
                data = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                return _unread(path, "candidate-file", "the content is not base64")
        case _:
            return _unread(path, "candidate-file", 'a file has "path" and either "content" or "base64", nothing else')
    if len(data) > MAX_FILE:
        return _unread(path, "too-large", f"larger than the {MAX_FILE} bytes that are read")
    return path, data


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("the same member twice")
    return members


def _refused(kind: str, message: str) -> Candidate:
    return Candidate(files={}, unread=(_unread("", kind, message),))


def _unusable(path: str) -> str:
    """Return why nothing can go by that name, "" where something can."""
    if len(path) > MAX_PATH:
        return f"the name is longer than {MAX_PATH} characters"
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "the name is not text"
    return ""


def _unread(path: str, kind: str, message: str) -> Unread:
    shown = path[:MAX_PATH].encode("utf-8", "backslashreplace").decode("utf-8")
    return Unread(path=shown, kind=kind, message=message)


_NO_CANDIDATE_FILE = _unread(
    "",
    "candidate-file",
    'neither the folder of a plugin nor a candidate file, which is JSON: {"files": [{"path": ..., "content": ...}]}',
)
