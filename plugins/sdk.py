"""The outside, for plugins: everything here goes through the host, which checks it against the plugin's manifest.

    from plugins.sdk import http

    def rate(currency: str) -> float:
        reply = http.get(f"https://api.example.org/rates/{currency}")
        return reply.json()["rate"]

What the manifest does not declare is refused, and the call ends as denied, whatever the plugin does with the exception.
In tests use the doubles of `plugins.sdk.testing`; nothing of the outside is real there.
"""

from __future__ import annotations

import json as _json
import random as _random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

__all__ = ["clock", "environment", "files", "http", "log", "progress", "random", "storage", "tcp"]

_CHUNK: Final = 256 * 1024


class OutsideError(RuntimeError):
    """The SDK was used where there is no host to ask: outside a sandbox, without doubles."""


Asker = Callable[[str, object], object]


class Door:
    """Where asks go: the host, or the doubles of a test."""

    double: Asker | None = None


def _ask(op: str, argument: object) -> Any:
    if Door.double is not None:
        return Door.double(op, argument)
    import sys

    worker = sys.modules.get("sandbox.worker")
    if worker is None:
        raise OutsideError(
            "plugins.sdk works inside a sandbox; in tests use `with testing.outside(...)` of plugins.sdk"
        )
    return worker.ask(op, argument)


# ---- http ----------------------------------------------------------------------------------------------------------


class HttpError(OSError):
    """The server answered with an error status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered."""

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, by the declared charset or UTF-8."""
        kind = self.headers.get("content-type", "")
        charset = kind.partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
        try:
            return self.body.decode(charset, errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON; a ValueError where it is none."""
        return _json.loads(self.body)

    def check(self) -> Reply:
        """Return this reply, or raise HttpError when the status is not 200 to 299."""
        if not self.ok:
            raise HttpError(f"{self.url} answered {self.status}")
        return self


class Http:
    """Requests to hosts under capabilities.network; TimeoutError where none answers in time, else ConnectionError."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, object] | None = None,
        json: object = None,
        body: bytes | str | None = None,
        timeout_s: float = 30.0,
    ) -> Reply:
        """Return the whole answer, whatever its status; redirects are followed where they are allowed, too."""
        first = self._send(method, url, headers, params, json, body, timeout_s)
        body_parts = [first["body"]]
        while first["handle"] is not None:
            part = _ask("http.read", {"handle": first["handle"], "size": _CHUNK})
            if not part:
                break
            body_parts.append(part)
        return _reply(first, b"".join(body_parts))

    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, object] | None = None,
        json: object = None,
        body: bytes | str | None = None,
        timeout_s: float = 30.0,
    ) -> Iterator[bytes]:
        """Yield the body of an answer piece by piece; HttpError for a status other than 200 to 299."""
        first = self._send(method, url, headers, params, json, body, timeout_s)
        _reply(first, b"").check()
        part = first["body"]
        while part:
            yield part
            part = b""
            if first["handle"] is not None:
                part = _ask("http.read", {"handle": first["handle"], "size": _CHUNK})

    def get(self, url: str, **options: Any) -> Reply:
        """Make a GET request; the options are those of `request`."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Reply:
        """Make a POST request; the options are those of `request`."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Reply:
        """Make a PUT request; the options are those of `request`."""
        return self.request("PUT", url, **options)

    def delete(self, url: str, **options: Any) -> Reply:
        """Make a DELETE request; the options are those of `request`."""
        return self.request("DELETE", url, **options)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, object] | None,
        json: object,
        body: bytes | str | None,
        timeout_s: float,
    ) -> dict[str, Any]:
        sent = {str(name): str(value) for name, value in (headers or {}).items()}
        data = body.encode() if isinstance(body, str) else body
        if json is not None:
            data = _json.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        if params:
            from urllib.parse import urlencode

            url += ("&" if "?" in url else "?") + urlencode({key: str(value) for key, value in params.items()})
        upload = _uploaded(data) if data is not None and len(data) > _CHUNK else 0
        argument = {
            "method": method,
            "url": url,
            "headers": sent,
            "body": None if upload else data,
            "upload": upload,
            "timeout_s": float(timeout_s),
        }
        answer: dict[str, Any] = _ask("http.request", argument)
        return answer


def _uploaded(data: bytes) -> int:
    handle = 0
    for start in range(0, len(data), _CHUNK):
        handle = _ask("http.body", {"handle": handle, "data": bytes(data[start : start + _CHUNK])})
    return handle


def _reply(answer: Mapping[str, Any], body: bytes) -> Reply:
    headers: dict[str, str] = {}
    for name, value in answer["headers"]:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Reply(status=answer["status"], url=answer["url"], headers=headers, body=body)


# ---- files, environment, storage -----------------------------------------------------------------------------------


class Files:
    """Files and folders under capabilities.filesystem, absolute or from ~/; what is not there: FileNotFoundError."""

    def read(self, path: str) -> bytes:
        """Return the bytes of a file."""
        parts: list[bytes] = []
        while True:
            answer = _ask("files.read", {"path": str(path), "offset": sum(map(len, parts)), "size": _CHUNK})
            parts.append(answer["data"])
            if answer["end"]:
                return b"".join(parts)

    def read_text(self, path: str, encoding: str = "utf-8") -> str:
        """Return the text of a file; UnicodeDecodeError where it is none."""
        return self.read(path).decode(encoding)

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file; folders that are missing on the way to it are made."""
        for start in range(0, max(len(data), 1), _CHUNK):
            argument = {"path": str(path), "data": bytes(data[start : start + _CHUNK]), "append": start > 0}
            _ask("files.write", argument)

    def write_text(self, path: str, text: str, encoding: str = "utf-8") -> None:
        """Write a whole file of text."""
        self.write(path, text.encode(encoding))

    def list(self, path: str) -> Sequence[str]:
        """Return the names of files and folders in a folder, sorted; those of folders end in a slash."""
        names: Sequence[str] = _ask("files.list", {"path": str(path)})
        return names


class Environment:
    """Variables that the manifest lists under capabilities.environment."""

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return a variable, or `default` when it is not set."""
        value = _ask("environment.get", {"name": name})
        return default if value is None else str(value)

    def __getitem__(self, name: str) -> str:
        """Return a variable; KeyError when it is not set."""
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value


class Storage:
    """The plugin's own store: text keys, plain data as values; it outlives calls, and no other plugin sees it."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or `default`."""
        found, value = _ask("storage.get", {"key": key})
        return value if found else default

    def set(self, key: str, value: object) -> None:
        """Keep plain data: None, bool, int, float, str, bytes, and lists, tuples, sets and dicts of these."""
        _ask("storage.set", {"key": key, "value": value})

    def delete(self, key: str) -> None:
        """Forget a key; a missing one is fine."""
        _ask("storage.delete", {"key": key})

    def keys(self) -> Sequence[str]:
        """Return every key, sorted."""
        keys: Sequence[str] = _ask("storage.keys", {})
        return keys

    def __contains__(self, key: str) -> bool:
        """Return whether there is a value, also None."""
        found, _ = _ask("storage.get", {"key": key})
        return bool(found)


# ---- effects, messages, tcp ----------------------------------------------------------------------------------------


class Clock:
    """The time; declare `effects: [clock]`."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        return float(_ask("clock.now", {}))

    def monotonic(self) -> float:
        """Return seconds since some moment; they never go back."""
        return float(_ask("clock.monotonic", {}))


class Random:
    """Random numbers seeded by the host; declare `effects: [random]`."""

    def _source(self) -> _random.Random:
        return _random.Random(_ask("random.seed", {}))  # noqa: S311 - the host decides how random its seed is

    def random(self) -> float:
        """Return a number from 0 to below 1."""
        return self._source().random()

    def randint(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return self._source().randint(low, high)

    def choice(self, items: Sequence[Any]) -> Any:
        """Return one of the items; IndexError where there is none."""
        return self._source().choice(items)

    def sample(self, items: Sequence[Any], count: int) -> Sequence[Any]:
        """Return `count` different items; ValueError where there are fewer."""
        return self._source().sample(items, count)

    def shuffled(self, items: Sequence[Any]) -> Sequence[Any]:
        """Return the items in another order."""
        return self.sample(items, len(items))

    def bytes(self, count: int) -> bytes:
        """Return `count` random bytes."""
        return self._source().randbytes(count)


class Log:
    """Messages for the person's log; needs no capability."""

    def info(self, message: str) -> None:
        """Log what happened."""
        _ask("log", {"level": "info", "message": str(message)})

    def warning(self, message: str) -> None:
        """Log what looks wrong."""
        _ask("log", {"level": "warning", "message": str(message)})

    def error(self, message: str) -> None:
        """Log what went wrong."""
        _ask("log", {"level": "error", "message": str(message)})


class Progress:
    """How far a long call is; needs no capability."""

    def update(self, fraction: float, message: str = "") -> None:
        """Say how far the call is, from 0 to 1; ValueError for another number."""
        _ask("progress", {"fraction": float(fraction), "message": str(message)})


class Connection:
    """An open TCP connection, relayed by the host."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        for start in range(0, len(data), _CHUNK):
            _ask("tcp.send", {"handle": self._handle, "data": data[start : start + _CHUNK]})

    def receive(self, size: int = 65536) -> bytes:
        """Return what has arrived, at most `size` bytes; empty when the other side closed."""
        return bytes(_ask("tcp.receive", {"handle": self._handle, "size": min(size, _CHUNK)}))

    def close(self) -> None:
        """Close the connection."""
        _ask("tcp.close", {"handle": self._handle})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Tcp:
    """Raw TCP to the hosts that the manifest lists under capabilities.network; it fails as `http` does."""

    def open(self, host: str, port: int, timeout_s: float = 30.0) -> Connection:
        """Open a connection; in `with` it is closed at the end."""
        return Connection(_ask("tcp.open", {"host": host, "port": port, "timeout_s": float(timeout_s)}))


http: Final = Http()
files: Final = Files()
environment: Final = Environment()
storage: Final = Storage()
clock: Final = Clock()
random: Final = Random()
log: Final = Log()
progress: Final = Progress()
tcp: Final = Tcp()


def __getattr__(name: str) -> Any:
    if name == "testing":
        from plugins import sdk_testing

        return sdk_testing
    raise AttributeError(f"plugins.sdk has no {name!r}")
