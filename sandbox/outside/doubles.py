"""Recording doubles of the outside: the same desk and the same policy, and nothing real behind it.

Before approval nothing of the outside is real. Every ask is recorded; answers come from a script, or are neutral and
always the same.
"""

from __future__ import annotations

import errno
import json
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import PurePosixPath
from typing import Final

from sandbox import values
from sandbox.limits import Limits
from sandbox.outside.base import Answer, Ask, Exceeded, Refused
from sandbox.outside.decide import Permit, clean_path, host_name, is_within
from sandbox.outside.desk import CHUNK, MAX_OPEN, Desk, Parts, Request
from sandbox.outside.failures import IS_THERE, WHILE_READING, WHILE_WRITING, ScriptedFailure, Turns, failing_files
from sandbox.outside.limited import LimitReached, Room, Traffic, Written, key_bytes
from sandbox.outside.urls import parse_url
from sandbox.policy import Policy

#: The home of doubles: `~/notes` and its absolute form must be one path, and no real person's.
HOME: Final = "/home/person"
#: Above everything that the ceilings of disk and network let through by default.
_MAX_RECORDED: Final = 128 * 1024 * 1024
_WALL_S: Final = 30.0
#: Inside a worker, where a plugin's own tests run, the worker's memory is the ceiling.
_OWN: Final = Limits(network_mb=1 << 16, disk_mb=1 << 16, file_mb=1 << 16, inodes=1 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedReply:
    """What a double answers to an HTTP request."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


#: The neutral answer: JSON that parses to nothing.
NEUTRAL: Final = ScriptedReply(headers={"Content-Type": "application/json"}, body=b"{}")


#: What one URL answers, and what one host and port says to each connection: always the same, or several in turn.
Replies = ScriptedReply | ScriptedFailure | Sequence[ScriptedReply | ScriptedFailure]
Lines = bytes | ScriptedFailure | Sequence[bytes | ScriptedFailure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What doubles answer. HTTP replies by "METHOD url" or url; TCP answers by "host:port"; files by path.

    A request without a reply gets `reply`, by default 200 and an empty JSON object; a file that is not here does not
    exist; a path that fails does so with all below it. `served` adds to HTTP replies the headers that servers add by
    themselves, where the script has none of them.
    """

    http: Mapping[str, Replies] = field(default_factory=dict)
    tcp: Mapping[str, Lines] = field(default_factory=dict)
    files: Mapping[str, bytes | ScriptedFailure] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    storage: Mapping[str, object] = field(default_factory=dict)
    now: float = 1_767_225_600.0
    seed: int = 1
    reply: ScriptedReply = NEUTRAL
    served: bool = False


class Doubles(Desk):
    """Answers asks from a script and records them; `policy` None allows everything (for a plugin's own tests).

    It holds what it is given, in the memory of whoever made it, so it has the ceilings that the real outside has.
    """

    def __init__(
        self, policy: Policy | None = None, script: Script | None = None, limits: Limits | None = None
    ) -> None:
        script = script or Script()
        permit = Permit(policy, HOME) if policy is not None else Everything()
        limits = limits or (Limits() if policy is not None else _OWN)
        self.disk = _Disk(script.files, limits)
        self.store = _Store(script.storage, limits)
        self._web = _Web(script, limits)
        self.messages: list[tuple[str, dict[str, object]]] = []
        self._seen: list[Ask] = []
        self._recorded = 0
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
        super().__init__(permit, parts, wall_s=_WALL_S, upload_bytes=limits.network_mb * 1024 * 1024)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The HTTP requests that were allowed, whole, in order."""
        return tuple(self._web.requests)

    @property
    def sent(self) -> tuple[tuple[str, bytes], ...]:
        """What was sent over each TCP connection, with its "host:port", in the order they were opened."""
        return tuple((peer, bytes(data)) for peer, data in self._web.sent.values())

    @property
    def seen(self) -> tuple[Ask, ...]:
        """Every ask so far, in order; refused ones too."""
        return tuple(self._seen)

    def answer(self, ask: Ask) -> Answer:
        """Record the ask, and answer it from the script; what would not be recorded is not answered."""
        with self._record:
            self._recorded += sys.getsizeof(ask) + _weight(ask.argument)
            if self._recorded > _MAX_RECORDED:
                return Exceeded(limit="output_kb", message=f"more than {_MAX_RECORDED} bytes asked of a double")
            self._seen.append(ask)
        return super().answer(ask)


def _weight(value: object) -> int:
    """Return about how much memory a decoded value takes."""
    if isinstance(value, dict):
        return sys.getsizeof(value) + sum(_weight(key) + _weight(item) for key, item in value.items())
    inner = value if isinstance(value, list | tuple | set | frozenset) else ()
    return sys.getsizeof(value) + sum(map(_weight, inner))


class Everything(Permit):
    """A policy of a plugin's own tests: what it may touch is judged elsewhere; what is never granted stays out."""

    def __init__(self) -> None:
        super().__init__(Policy(read=("/",), write=("/",)), HOME)

    def network(self, host: str, port: int) -> Refused | None:
        """Allow."""
        del host, port
        return None

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

    def __init__(self, script: Script, limits: Limits) -> None:
        self._traffic = Traffic(limits.network_mb)
        self._reply, self._served, self._now = script.reply, script.served, script.now
        self._replies = {_spelled(key): Turns[ScriptedReply](given) for key, given in script.http.items()}
        self._peers = {_endpoint(key): Turns[bytes](given) for key, given in script.tcp.items()}
        self._bodies: dict[int, bytes] = {}
        self._lines: dict[int, bytes] = {}
        self._handles = _Counter(1)
        self.requests: list[Request] = []
        self.sent: dict[int, tuple[str, bytearray]] = {}

    def request(self, request: Request) -> dict[str, object]:
        url = str(request.url)
        self._traffic.count("sent", request.size())
        self.requests.append(request)
        turns = self._replies.get(f"{request.method} {url}") or self._replies.get(url)
        reply = turns.take(request.url.host) if turns else self._reply
        body = b"" if request.method == "HEAD" else reply.body
        handle = None
        if len(body) > CHUNK:
            handle = self._keep(self._bodies, body[CHUNK:])
        headers = [[name, value] for name, value in (self._added(reply) | {**reply.headers}).items()]
        self._traffic.count("received", len(body[:CHUNK]))
        return {"status": reply.status, "url": url, "headers": headers, "body": body[:CHUNK], "handle": handle}

    def _added(self, reply: ScriptedReply) -> dict[str, str]:
        given = {name.lower() for name in reply.headers}
        added = {
            "Date": formatdate(self._now, usegmt=True),
            "Server": "nginx",
            "Content-Length": str(len(reply.body)),
            "Connection": "keep-alive",
        }
        return {name: value for name, value in added.items() if self._served and name.lower() not in given}

    def read(self, handle: int, size: int) -> bytes:
        data = self._taken(self._bodies, handle, size)
        if not data:
            self.disconnect(handle)
        return data

    def connect(self, host: str, port: int, timeout_s: float) -> int:
        del timeout_s
        turns = self._peers.get((host, port))
        handle = self._keep(self._lines, turns.take(host) if turns else b"")
        self.sent[handle] = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}", bytearray())
        return handle

    def send(self, handle: int, data: bytes) -> None:
        if handle not in self._lines:
            raise ValueError("this connection is closed")
        self._traffic.count("sent", len(data))
        self.sent[handle][1].extend(data)

    def receive(self, handle: int, size: int) -> bytes:
        return self._taken(self._lines, handle, size)

    def disconnect(self, handle: int) -> None:
        self._bodies.pop(handle, None)
        self._lines.pop(handle, None)

    def close(self) -> None:
        self._bodies.clear()
        self._lines.clear()

    def _taken(self, where: dict[int, bytes], handle: int, size: int) -> bytes:
        rest = where.get(handle)
        if rest is None:
            raise ValueError("this connection is closed")
        where[handle] = rest[size:]
        self._traffic.count("received", len(rest[:size]))
        return rest[:size]

    def _keep(self, where: dict[int, bytes], data: bytes) -> int:
        if len(self._bodies) + len(self._lines) >= MAX_OPEN:
            raise LimitReached("open_files", f"more than {MAX_OPEN} open connections")
        handle = int(self._handles.next())
        where[handle] = data
        return handle


class _Disk:
    """Files in memory. A folder is there where a file is below it, and empty where nobody spoke of it."""

    def __init__(self, files: Mapping[str, bytes | ScriptedFailure], limits: Limits) -> None:
        self._written = Written(limits)
        self._failing = {clean_path(path, HOME): failure for path, failure in failing_files(files)}
        contents = {path: data for path, data in files.items() if not isinstance(data, ScriptedFailure)}
        self.files = {clean_path(path, HOME): bytes(data) for path, data in contents.items()}
        self._folders = {HOME, *_above(HOME), *(folder for path in self._there() for folder in _above(path))}

    def read(self, path: str, offset: int, size: int) -> tuple[bytes, bool]:
        self._check(path)
        if path in self._folders:
            raise IsADirectoryError(errno.EISDIR, f"this is a folder: {path}")
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, f"no such file: {path}")
        data = self.files[path]
        return data[offset : offset + size], offset + size >= len(data)

    def write(self, path: str, data: bytes, *, append: bool) -> None:
        self._written.check(len(data))
        self._check(path, writing=True)
        if path in self._folders:
            raise IsADirectoryError(errno.EISDIR, f"this is a folder: {path}")
        if path not in self.files:
            missing = {*_above(path)} - self._folders
            self._written.make(len(missing) + 1)
            self._folders |= missing
        before = self.files.get(path, b"") if append else b""
        self._written.grow(len(before), len(data))
        self.files[path] = before + data
        self._failing = {name: failure for name, failure in self._failing.items() if not is_within(path, name)}

    def names(self, path: str) -> list[str]:
        self._check(path)
        if path in self.files:
            raise NotADirectoryError(errno.ENOTDIR, f"this is no folder: {path}")
        folders = [f"{folder}/" for folder in self._folders]
        below = [name[len(path.rstrip("/")) + 1 :] for name in (*self._there(), *folders) if is_within(name, path)]
        return list({first + slash for first, slash, _ in (name.partition("/") for name in below)} - {""})

    def _check(self, path: str, *, writing: bool = False) -> None:
        """Raise what the script says, and what no disk does."""
        for failing, failure in self._failing.items():
            if is_within(path, failing) and failure.how not in (WHILE_READING if writing else WHILE_WRITING):
                raise failure.of_file()
        for folder in _above(path):
            if folder in self.files:
                raise NotADirectoryError(errno.ENOTDIR, f"this is no folder: {folder}")

    def _there(self) -> Iterator[str]:
        yield from self.files
        yield from (name for name, failure in self._failing.items() if failure.how in IS_THERE)


def _above(path: str) -> Iterator[str]:
    """Yield the folders that a path stands in."""
    return map(str, PurePosixPath(path).parents)


class _Store:
    """Values in memory."""

    def __init__(self, start: Mapping[str, object], limits: Limits) -> None:
        self.values, self._room = dict(start), Room(limits.disk_mb)
        self._sizes = {key: _stored_size(value) for key, value in start.items()}

    def get(self, key: str) -> tuple[bool, object]:
        key_bytes(key)
        return key in self.values, self.values.get(key)

    def set(self, key: str, value: object) -> None:
        key_bytes(key)
        size = _stored_size(value)
        self._room.check([other for name, other in self._sizes.items() if name != key], size)
        self.values[key], self._sizes[key] = value, size

    def delete(self, key: str) -> None:
        key_bytes(key)
        self.values.pop(key, None)
        self._sizes.pop(key, None)

    def keys(self) -> list[str]:
        return sorted(self.values)


def _stored_size(value: object) -> int:
    return len(json.dumps(values.encode(value)))


def _spelled(key: str) -> str:
    method, space, url = key.rpartition(" ")
    return f"{method.upper()}{space}{parse_url(url)}"


def _endpoint(key: str) -> tuple[str, int]:
    host, _, port = key.rpartition(":")
    return host_name(host), int(port)
