"""A plugin's own store: one file a key in a private folder of the host, within a quota."""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sandbox import values
from sandbox.outside.limited import Room, key_bytes

_LOCK: Final = ".lock"
_SUFFIX: Final = ".json"


class HostStore:
    """The real store. Each value is written whole or not at all; a lock covers processes that share the folder."""

    def __init__(self, folder: Path, *, quota_mb: float) -> None:
        self._folder, self._room = folder, Room(quota_mb)

    def get(self, key: str) -> tuple[bool, object]:
        """Return whether there is a value, and the value."""
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False, None
        with os.fdopen(descriptor, "rb") as file:
            return True, values.decode(json.loads(file.read(self._room.most + 1)))

    def set(self, key: str, value: object) -> None:
        """Keep a value; over the quota nothing changes."""
        data = json.dumps(values.encode(value)).encode()
        path = self._path(key)
        with self._locked():
            self._sweep()
            others = [entry for entry in self._entries() if entry.name != path.name]
            self._room.check([entry.stat(follow_symlinks=False).st_size for entry in others], len(data))
            temporary = self._folder / f".{secrets.token_hex(8)}"
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(temporary, path)

    def delete(self, key: str) -> None:
        """Forget a key; a missing one is fine."""
        path = self._path(key)
        if self._folder.is_dir():
            with self._locked():
                path.unlink(missing_ok=True)

    def keys(self) -> list[str]:
        """Return every key, sorted."""
        return sorted(_key(entry.name) for entry in self._entries())

    def _path(self, key: str) -> Path:
        return self._folder / (base64.urlsafe_b64encode(key_bytes(key)).decode() + _SUFFIX)

    def _entries(self) -> list[os.DirEntry[str]]:
        if not self._folder.is_dir():
            return []
        with os.scandir(self._folder) as entries:
            return [entry for entry in entries if entry.name.endswith(_SUFFIX) and _key(entry.name)]

    def _sweep(self) -> None:
        """Remove what a full disk or a kill left half written: nobody else writes while the lock is held."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") and entry.name != _LOCK:
                    os.unlink(entry.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _key(name: str) -> str:
    try:
        return base64.urlsafe_b64decode(name.removesuffix(_SUFFIX)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
