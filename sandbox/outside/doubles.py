"""Recording doubles of the outside: the same desk and the same policy, and nothing real behind it.

Before approval nothing of the outside is real. Every ask is recorded; answers come from a script, or are neutral and
always the same.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.outside.base import Answer, Ask, Refused
from sandbox.outside.decide import Permit, clean_path, host_name, is_within
from sandbox.outside.desk import CHUNK, Desk, Parts, Request
from sandbox.outside.urls import parse_url
from sandbox.policy import Policy

#: The home of doubles: `~/notes` and its absolute form must be one path, and no real person's.
HOME: Final = "/home/person"
_MAX_SEEN: Final = 10_000
_WALL_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedReply:
    """What a double answers to an HTTP request."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What doubles answer. HTTP replies by "METHOD url" or url; TCP answers by "host:port"; files by path.

    A request without a reply gets 200 and an empty JSON object; a file that is not here does not exist.
    """

    http: Mapping[str, ScriptedReply] = field(default_factory=dict)
    tcp: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    storage: Mapping[str, object] = field(default_factory=dict)
    now: float = 1_767_225_600.0
    seed: int = 1


#: The neutral answer: JSON that parses to nothing.
NEUTRAL: Final = ScriptedReply(headers={"Content-Type": "application/json"}, body=b"{}")


class Doubles(Desk):
    """Answers asks from a script and records them; `policy` None allows everything (for a plugin's own tests)."""

    def __init__(self, policy: Policy | None = None, script: Script | None = None) -> None:
        script = script or Script()
        permit = Permit(policy, HOME) if policy is not None else Everything()
        self.disk = _Disk(script.files)
        self.store = _Store(script.storage)
        self._web = _Web(script)
        self.messages: list[tuple[str, dict[str, object]]] = []
        self._seen: list[Ask] = []
        self._record = threading.Lock()
        ticks, seeds = _Counter(script.now), _Counter(script.seed)
        parts = Parts(
            web=self._web,
            disk=self.disk,
            store=self.store,
            variable=script.environment.get,
            now=lambda: script.now,
            monotonic=lambda: float(ticks.next() - script.now),
            seed=lambda: int(seeds.next()),
            message=lambda kind, content: self.messages.append((kind, content)),
        )
        super().__init__(permit, parts, wall_s=_WALL_S)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The HTTP requests that were allowed, whole, in order."""
        return tuple(self._web.requests)

    @property
    def seen(self) -> tuple[Ask, ...]:
        """Every ask so far, in order; refused ones too."""
        return tuple(self._seen)

    def answer(self, ask: Ask) -> Answer:
        """Record the ask, and answer it from the script."""
        with self._record:
            if len(self._seen) < _MAX_SEEN:
                self._seen.append(ask)
        return super().answer(ask)


class Everything(Permit):
    """A policy of a plugin's own tests: what it may touch is judged elsewhere."""

    def __init__(self) -> None:
        super().__init__(Policy(), HOME)

    def network(self, host: str, port: int) -> Refused | None:
        """Allow."""
        del host, port
        return None

    def read(self, path: str) -> Refused | None:
        """Allow."""
        del path
        return None

    write = read

    def environment(self, name: str) -> Refused | None:
        """Allow."""
        del name
        return None

    effect = environment

    def storage(self) -> Refused | None:
        """Allow."""
        return None


class _Counter:
    def __init__(self, start: float) -> None:
        self._value = start

    def next(self) -> float:
        value, self._value = self._value, self._value + 1
        return value


class _Web:
    """No web: replies of a script, and TCP peers that say what the script says."""

    def __init__(self, script: Script) -> None:
        self._replies = {_spelled(key): reply for key, reply in script.http.items()}
        self._peers = {_endpoint(key): answer for key, answer in script.tcp.items()}
        self._rest: dict[int, bytes] = {}
        self._handles = _Counter(1)
        self.requests: list[Request] = []

    def request(self, request: Request) -> dict[str, object]:
        url = str(request.url)
        self.requests.append(request)
        reply = self._replies.get(f"{request.method} {url}") or self._replies.get(url) or NEUTRAL
        body = b"" if request.method == "HEAD" else reply.body
        handle = None
        if len(body) > CHUNK:
            handle = self._keep(body[CHUNK:])
        headers = [[name, value] for name, value in reply.headers.items()]
        return {"status": reply.status, "url": url, "headers": headers, "body": body[:CHUNK], "handle": handle}

    def read(self, handle: int, size: int) -> bytes:
        rest = self._rest.get(handle)
        if rest is None:
            raise ValueError("this connection is closed")
        self._rest[handle] = rest[size:]
        return rest[:size]

    receive = read

    def connect(self, host: str, port: int, timeout_s: float) -> int:
        del timeout_s
        return self._keep(self._peers.get((host, port), b""))

    def send(self, handle: int, data: bytes) -> None:
        del data
        if handle not in self._rest:
            raise ValueError("this connection is closed")

    def disconnect(self, handle: int) -> None:
        self._rest.pop(handle, None)

    def close(self) -> None:
        self._rest.clear()

    def _keep(self, data: bytes) -> int:
        handle = int(self._handles.next())
        self._rest[handle] = data
        return handle


class _Disk:
    """Files in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = {clean_path(path, HOME): bytes(data) for path, data in files.items()}

    def read(self, path: str, offset: int, size: int) -> tuple[bytes, bool]:
        if path not in self.files:
            raise FileNotFoundError(2, f"no such file: {path}")
        data = self.files[path]
        return data[offset : offset + size], offset + size >= len(data)

    def write(self, path: str, data: bytes, *, append: bool) -> None:
        self.files[path] = (self.files.get(path, b"") if append else b"") + data

    def names(self, path: str) -> list[str]:
        below = [name[len(path.rstrip("/")) + 1 :] for name in self.files if name != path and is_within(name, path)]
        return sorted({first + ("/" if slash else "") for first, slash, _ in (name.partition("/") for name in below)})


class _Store:
    """Values in memory."""

    def __init__(self, start: Mapping[str, object]) -> None:
        self.values = dict(start)

    def get(self, key: str) -> tuple[bool, object]:
        return key in self.values, self.values.get(key)

    def set(self, key: str, value: object) -> None:
        self.values[key] = value

    def delete(self, key: str) -> None:
        self.values.pop(key, None)

    def keys(self) -> list[str]:
        return sorted(self.values)


def _spelled(key: str) -> str:
    method, space, url = key.rpartition(" ")
    return f"{method.upper()}{space}{parse_url(url)}"


def _endpoint(key: str) -> tuple[str, int]:
    host, _, port = key.rpartition(":")
    return host_name(host), int(port)
