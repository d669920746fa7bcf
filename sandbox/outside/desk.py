"""The desk where asks arrive: reads their fields, asks the policy, and only then the part that does the work.

The real outside and its doubles share this, so that what is allowed is decided once.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from sandbox.outside.base import Answer, Ask, Exceeded, Failed, Given, Refused
from sandbox.outside.decide import Permit, clean_path, host_name, never_grantable
from sandbox.outside.fields import Fields
from sandbox.outside.limited import LimitReached, NotGranted
from sandbox.outside.uploads import Uploads
from sandbox.outside.urls import Url, parse_url

#: The most bytes that one answer or ask carries.
CHUNK: Final = 256 * 1024
#: The most responses and connections that stand open at one time.
MAX_OPEN: Final = 8
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MAX_MESSAGES: Final = 1000
_MAX_NAMES: Final = 5000
_MAX_NAME_BYTES: Final = 256 * 1024
_CATCHABLE: Final = ("FileNotFoundError", "PermissionError", "IsADirectoryError", "NotADirectoryError", "TimeoutError")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, checked against the policy."""

    method: str
    url: Url
    headers: dict[str, str]
    body: bytes
    timeout_s: float

    def size(self) -> int:
        """How many bytes of it are the plugin's own."""
        named = sum(len(name) + len(value) for name, value in self.headers.items())
        return len(self.url.target) + len(self.body) + named


class Web(Protocol):
    """Who makes HTTP requests and TCP connections."""

    def request(self, request: Request) -> dict[str, object]:
        """Make a request; return status, url, headers, first bytes and a handle for the rest."""
        ...

    def read(self, handle: int, size: int) -> bytes:
        """Return more of a body; empty at its end."""
        ...

    def connect(self, host: str, port: int, timeout_s: float) -> int:
        """Open a connection; return its handle."""
        ...

    def send(self, handle: int, data: bytes) -> None:
        """Send all of it."""
        ...

    def receive(self, handle: int, size: int) -> bytes:
        """Return what has arrived; empty at the end."""
        ...

    def disconnect(self, handle: int) -> None:
        """Close one connection."""
        ...

    def close(self) -> None:
        """Close everything."""
        ...


class Disk(Protocol):
    """Who reads and writes files by clean, granted paths."""

    def read(self, path: str, offset: int, size: int) -> tuple[bytes, bool]:
        """Return a piece of a file, and whether it is the last."""
        ...

    def write(self, path: str, data: bytes, *, append: bool) -> None:
        """Write or append; folders that are missing on the way are made."""
        ...

    def names(self, path: str) -> list[str]:
        """Return the names in a folder; those of folders end in a slash."""
        ...


class Store(Protocol):
    """Who keeps the plugin's values."""

    def get(self, key: str) -> tuple[bool, object]:
        """Return whether there is a value, and the value."""
        ...

    def set(self, key: str, value: object) -> None:
        """Keep a value."""
        ...

    def delete(self, key: str) -> None:
        """Forget a key."""
        ...

    def keys(self) -> list[str]:
        """Return every key, sorted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything behind the desk."""

    web: Web
    disk: Disk
    store: Store
    variable: Callable[[str], str | None]
    now: Callable[[], float]
    monotonic: Callable[[], float]
    seed: Callable[[], int]
    message: Callable[[str, dict[str, object]], None]


class Desk:
    """Answers asks; thread-safe as far as its parts are."""

    def __init__(self, permit: Permit, parts: Parts, *, wall_s: float, upload_bytes: int = 1 << 24) -> None:
        self._permit, self._parts, self._wall_s = permit, parts, wall_s
        self._messages = 0
        self._uploads = Uploads(upload_bytes)
        self._lock = threading.Lock()
        self._table: dict[str, Callable[[Fields], Answer]] = {
            "http.request": self._http_request,
            "http.body": self._http_body,
            "http.read": self._http_read,
            "files.read": self._files_read,
            "files.write": self._files_write,
            "files.list": self._files_list,
            "environment.get": self._environment_get,
            "storage.get": self._storage_get,
            "storage.set": self._storage_set,
            "storage.delete": self._storage_delete,
            "storage.keys": self._storage_keys,
            "clock.now": lambda _: self._permit.effect("clock") or Given(value=self._parts.now()),
            "clock.monotonic": lambda _: self._permit.effect("clock") or Given(value=self._parts.monotonic()),
            "random.seed": lambda _: self._permit.effect("random") or Given(value=self._parts.seed()),
            "log": self._log,
            "progress": self._progress,
            "tcp.open": self._tcp_open,
            "tcp.send": self._tcp_send,
            "tcp.receive": self._tcp_receive,
            "tcp.close": self._tcp_close,
        }

    def answer(self, ask: Ask) -> Answer:
        """Answer one ask; never raises for what a worker asks."""
        handler = self._table.get(ask.op)
        if handler is None:
            return Refused(capability="", message="there is no such operation")
        try:
            return handler(Fields(ask.argument))
        except LimitReached as reached:
            return Exceeded(limit=reached.limit, message=str(reached))
        except NotGranted as refused:
            return refused.refused
        except ValueError as error:
            return Failed(kind="ValueError", message=str(error)[:500])
        except ConnectionError as error:
            return Failed(kind="ConnectionError", message=str(error)[:500])
        except OSError as error:
            kind = type(error).__name__
            return Failed(kind=kind if kind in _CATCHABLE else "OSError", message=(error.strerror or str(error))[:500])

    def close(self) -> None:
        """Close connections that are still open."""
        self._parts.web.close()

    # ---- http and tcp ----------------------------------------------------------------------------------------------

    def _http_request(self, fields: Fields) -> Answer:
        method = fields.text("method", 16).upper()
        if method not in _METHODS:
            raise ValueError(f"the method must be one of {', '.join(sorted(_METHODS))}")
        url = parse_url(fields.text("url", 8192))
        refused = self._permit.network(url.host, url.port)
        if refused:
            return refused
        upload = fields.integer("upload", 0, 1 << 31)
        request = Request(
            method=method,
            url=url,
            headers=fields.headers("headers"),
            body=self._uploads.take(upload) if upload else fields.data("body", CHUNK),
            timeout_s=fields.seconds("timeout_s", self._wall_s),
        )
        return Given(value=self._parts.web.request(request))

    def _http_body(self, fields: Fields) -> Answer:
        handle = fields.integer("handle", 0, 1 << 31)
        return Given(value=self._uploads.add(handle, fields.data("data", CHUNK)))

    def _http_read(self, fields: Fields) -> Answer:
        handle, size = fields.integer("handle", 0, 1 << 31), fields.integer("size", 1, CHUNK)
        return Given(value=self._parts.web.read(handle, size))

    def _tcp_open(self, fields: Fields) -> Answer:
        host, port = host_name(fields.text("host", 253)), fields.integer("port", 1, 65535)
        timeout_s = fields.seconds("timeout_s", self._wall_s)
        return self._permit.network(host, port) or Given(value=self._parts.web.connect(host, port, timeout_s))

    def _tcp_send(self, fields: Fields) -> Answer:
        self._parts.web.send(fields.integer("handle", 0, 1 << 31), fields.data("data", CHUNK))
        return Given()

    def _tcp_receive(self, fields: Fields) -> Answer:
        handle, size = fields.integer("handle", 0, 1 << 31), fields.integer("size", 1, CHUNK)
        return Given(value=self._parts.web.receive(handle, size))

    def _tcp_close(self, fields: Fields) -> Answer:
        self._parts.web.disconnect(fields.integer("handle", 0, 1 << 31))
        return Given()

    # ---- files, environment, storage -------------------------------------------------------------------------------

    def _path(self, fields: Fields) -> str:
        return clean_path(fields.text("path"), self._permit.home)

    def _files_read(self, fields: Fields) -> Answer:
        path = self._path(fields)
        offset, size = fields.integer("offset", 0, 1 << 48), fields.integer("size", 1, CHUNK)
        refused = self._permit.read(path)
        if refused:
            return refused
        data, end = self._parts.disk.read(path, offset, size)
        return Given(value={"data": data, "end": end})

    def _files_write(self, fields: Fields) -> Answer:
        path, data, append = self._path(fields), fields.data("data", CHUNK), fields.flag("append")
        refused = self._permit.write(path)
        if refused:
            return refused
        self._parts.disk.write(path, data, append=append)
        return Given()

    def _files_list(self, fields: Fields) -> Answer:
        path = self._path(fields)
        return self._permit.read(path) or Given(value=_listed(path, self._parts.disk.names(path)))

    def _environment_get(self, fields: Fields) -> Answer:
        name = fields.text("name", 128)
        refused = self._permit.environment(name)
        if refused:
            return refused
        value = self._parts.variable(name)
        if value is not None:
            value.encode()  # a variable that is not text cannot cross the boundary
        return Given(value=value)

    def _storage_get(self, fields: Fields) -> Answer:
        key = fields.text("key", 128)
        return self._permit.storage() or Given(value=list(self._parts.store.get(key)))

    def _storage_set(self, fields: Fields) -> Answer:
        key, value = fields.text("key", 128), fields.value("value")
        refused = self._permit.storage()
        if refused:
            return refused
        self._parts.store.set(key, value)
        return Given()

    def _storage_delete(self, fields: Fields) -> Answer:
        key = fields.text("key", 128)
        refused = self._permit.storage()
        if refused:
            return refused
        self._parts.store.delete(key)
        return Given()

    def _storage_keys(self, _: Fields) -> Answer:
        return self._permit.storage() or Given(value=self._parts.store.keys())

    # ---- messages --------------------------------------------------------------------------------------------------

    def _log(self, fields: Fields) -> Answer:
        level = fields.text("level", 16)
        if level not in ("info", "warning", "error"):
            raise ValueError("the level must be info, warning or error")
        return self._message("log", {"level": level, "message": fields.text("message")})

    def _progress(self, fields: Fields) -> Answer:
        return self._message("progress", {"fraction": fields.fraction("fraction"), "message": fields.text("message")})

    def _message(self, kind: str, content: dict[str, object]) -> Answer:
        with self._lock:
            self._messages += 1
            if self._messages > _MAX_MESSAGES:
                raise LimitReached("output_kb", f"more than {_MAX_MESSAGES} messages")
        self._parts.message(kind, content)
        return Given()


def _listed(path: str, names: Iterable[str]) -> list[str]:
    """Return the names of a folder that may be told, sorted."""
    told = sorted(name for name in names if not never_grantable(f"{path}/{name.rstrip('/')}"))
    if len(told) > _MAX_NAMES or sum(map(len, told)) > _MAX_NAME_BYTES:
        raise OSError(errno.E2BIG, f"more than {_MAX_NAMES} names in one folder")
    return told
