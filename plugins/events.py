"""The event log: what happened in a workspace, one line each, chained, and anchored where its files are not."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from plugins import folder
from plugins.disk import Disk
from plugins.errors import AuditError, WorkspaceError
from plugins.ledger import Problem
from plugins.state import UserState, told_when_full, workspace_key

FOLDER = "audit_logs/events"
_OWN = ("n", "time", "kind", "previous")
_NAME = re.compile(r"\d{4}-\d{2}\.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line: its number from 1, when, what, and the hash of the line before."""

    n: int
    time: str
    kind: str
    fields: dict[str, object]
    previous: str
    hash: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """How long the log was and what its last line was when it was anchored."""

    count: int = 0
    head: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored."""
        return {"count": self.count, "head": self.head}


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """A line that a crash cut short: the file and what is there of it."""

    path: str
    keep: int
    bytes: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What was read: events in order, what is wrong with them, and a line that was cut short."""

    events: tuple[Event, ...] = ()
    problems: tuple[Problem, ...] = ()
    torn: Torn | None = None

    @property
    def anchor(self) -> Anchor:
        """What an anchor of this log would say."""
        return Anchor(count=self.events[-1].n, head=self.events[-1].hash) if self.events else Anchor()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A line that is about to be added, and where; `new` says that its file is not there yet."""

    path: str
    line: bytes
    new: bool

    @property
    def event(self) -> Event:
        """What the line says."""
        event = _parsed(self.line, self.path)
        assert isinstance(event, Event)
        return event


class EventLog:
    """The log of one workspace. `append` is durable when it returns; the head is then in user state too."""

    def __init__(
        self,
        root: Path,
        state: UserState,
        *,
        lock: Callable[[], AbstractContextManager[None]],
        now: Callable[[], dt.datetime] | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.root, self._state, self._lock, self._disk = root, state, lock, disk or Disk()
        self._now = now or _utc
        self._tip: tuple[str, int, Anchor] | None = None

    def append(self, kind: str, **fields: object) -> Event:
        """Add one event. A line that a crash cut short is taken out first, and that is recorded too."""
        with self._lock():
            return self.write(self.plan(kind, **fields))

    def plan(self, kind: str, **fields: object) -> Planned:
        """The line that would be added now, so that its hash is known; the caller holds the lock until `write`."""
        if not fields.keys().isdisjoint(_OWN):
            raise ValueError(f"the fields {_OWN} are the log's own")
        tip, time, names = self._healed_tip(), self._now(), self._files()
        # When the clock went back the chain keeps its order all the same.
        name = max([f"{time:%Y-%m}.jsonl", *names[-1:]])
        own = {"n": tip.count + 1, "time": f"{time:%Y-%m-%dT%H:%M:%S.%fZ}", "kind": kind, "previous": tip.head}
        return Planned(path=f"{FOLDER}/{name}", line=_canonical({**fields, **own}), new=name not in names)

    def write(self, planned: Planned) -> Event:
        """Add a planned line, durably."""
        path = self.root / planned.path
        with told_when_full(path):
            if planned.new:
                with folder.opened(self.root, FOLDER, make=True):
                    pass
            self._disk.append(path, planned.line + b"\n")
            if planned.new:
                self._disk.sync_folder(path.parent)
        event = planned.event
        self._tip = (path.name, path.stat().st_size, Anchor(count=event.n, head=event.hash))
        self._state.write_json(f"workspaces/{self._key()}/events.json", self._tip[2].to_json(), at_once=False)
        return event

    def read(self) -> Log:
        """Every event, with what is wrong with the chain."""
        events: list[Event] = []
        problems: list[Problem] = []
        torn = None
        for name in self._files():
            path = f"{FOLDER}/{name}"
            data = folder.read_file(self.root, path) or b""
            *lines, rest = data.split(b"\n")
            for number, line in enumerate(lines, start=1):
                event = _parsed(line, f"{path}:{number}")
                if isinstance(event, Problem):
                    problems.append(event)
                    continue
                problems += _follows(event, events[-1] if events else None)
                events.append(event)
            if rest:
                torn = Torn(path=path, keep=len(data) - len(rest), bytes=rest)
        return Log(events=tuple(events), problems=tuple(problems), torn=torn)

    def anchor(self) -> Anchor:
        """The head as user state holds it; an empty one where this person never wrote here."""
        held = self._state.read_json("workspaces", self._key(), "events.json")
        if not isinstance(held, dict):
            return Anchor()
        return Anchor(count=int(held.get("count", 0)), head=str(held.get("head", "")))

    def against(self, log: Log, anchor: Anchor, where: str) -> list[Problem]:
        """What an anchor shows: a log that is shorter than it was, or that is not the one that was anchored."""
        if not anchor.count:
            return []
        if anchor.count > len(log.events):
            message = (
                f"there were {anchor.count} events when it was anchored in {where}, now there are {len(log.events)}"
            )
            return [Problem(kind="events-cut", where=FOLDER, message=message)]
        if log.events[anchor.count - 1].hash != anchor.head:
            message = f"event {anchor.count} is not the one that was anchored in {where}: the log was rewritten"
            return [Problem(kind="events-rewritten", where=log.events[anchor.count - 1].where, message=message)]
        return []

    def heal(self) -> str:
        """Take out a line that a crash cut short and record that; returns what was done, "" when nothing was wrong."""
        with self._lock():
            torn = self._torn()
            if torn is None:
                return ""
            self._healed_tip()
            return f"{torn.path}: the last line was cut short by a crash ({len(torn.bytes)} bytes) and was taken out"

    def _healed_tip(self) -> Anchor:
        torn = self._torn()
        if torn is None:
            return self._last()
        path = self.root / torn.path
        with folder.opened(self.root, FOLDER) as descriptor:
            if descriptor is None:
                raise WorkspaceError(f"{FOLDER} is gone")
            self._disk.step(f"truncate {path.name}")
            file = os.open(path.name, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            try:
                os.ftruncate(file, torn.keep)
                os.fsync(file)
            finally:
                os.close(file)
        self._tip = None
        self.write(self.plan("recovered", what="a line that was cut short", bytes=torn.bytes.hex()))
        return self._last()

    def _last(self) -> Anchor:
        """The head: the one remembered, if nobody wrote since; else the one in the last file."""
        names = self._files()
        if not names:
            self._refuse_lost(Anchor())
            return Anchor()
        size = (self.root / FOLDER / names[-1]).stat().st_size
        if self._tip and self._tip[:2] == (names[-1], size):
            return self._tip[2]
        for name in reversed(names):
            data = folder.read_file(self.root, f"{FOLDER}/{name}") or b""
            lines = data.split(b"\n")[:-1]
            if lines:
                event = _parsed(lines[-1], f"{FOLDER}/{name}:{len(lines)}")
                if isinstance(event, Problem):
                    raise AuditError(f"{event.where}: {event.message}", hint="run: ratchet audit verify")
                return Anchor(count=event.n, head=event.hash)
        return Anchor()

    def _refuse_lost(self, found: Anchor) -> None:
        """Do not start a second chain over a log that is gone: the anchor would be lost with it."""
        if self.anchor().count > found.count:
            raise AuditError("the event log is gone", hint="run: ratchet audit verify; restore audit_logs/events/")

    def _torn(self) -> Torn | None:
        names = self._files()
        if not names:
            return None
        path = f"{FOLDER}/{names[-1]}"
        if folder.last_byte(self.root, path) in (b"", b"\n"):
            return None
        data = folder.read_file(self.root, path) or b""
        keep = data.rfind(b"\n") + 1
        return Torn(path=path, keep=keep, bytes=data[keep:])

    def _files(self) -> list[str]:
        return [name for name in folder.names(self.root, FOLDER) if _NAME.fullmatch(name)]

    def _key(self) -> str:
        return workspace_key(self.root)


def _parsed(line: bytes, where: str) -> Event | Problem:
    try:
        held = json.loads(line)
        known = {name: held.pop(name) for name in _OWN}
        written = _canonical({**held, **known})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return Problem(kind="event-changed", where=where, message=f"not an event: {error}")
    texts = all(isinstance(known[name], str) for name in ("time", "kind", "previous"))
    if written != line or type(known["n"]) is not int or not texts:
        return Problem(kind="event-changed", where=where, message="not written as events are")
    return Event(**known, fields=held, hash=hashlib.sha256(line).hexdigest(), where=where)


def _follows(event: Event, before: Event | None) -> Iterator[Problem]:
    expected = before.hash if before else ""
    number = before.n + 1 if before else 1
    if event.previous != expected or event.n != number:
        message = f"event {event.n} does not follow the one before: events were edited, dropped, added or moved"
        yield Problem(kind="events-broken", where=event.where, message=message)


def _canonical(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
