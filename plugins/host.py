"""Runs plugins: one sandbox session each, calls in, outcomes out."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.arguments import Arguments, Typed, fill
from plugins.errors import ArgumentError, NotFoundError
from plugins.events import EventLog
from plugins.loader import Standing
from plugins.signature import Signature, read_signature
from plugins.state import UserState
from plugins.workspace import Workspace
from sandbox.outcome import Denied, Outcome

if TYPE_CHECKING:
    from plugins.manifest import Manifest
    from sandbox.outside.base import Outside
    from sandbox.sandbox import Sandbox
    from sandbox.session import Session

Message = Callable[[str, str, dict[str, object]], None]


def unheard(_plugin: str, _kind: str, _content: dict[str, object]) -> None:
    """Drop a message nobody listens to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is called with what."""

    handler: str
    arguments: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    decision: str
    session: Session


def prepare(signature: Signature, tool: str, typed: Typed) -> Call:
    """Fill the parameters of a tool or command; raises ArgumentError."""
    return Call(handler=signature.handler, arguments=fill(signature, typed, tool=tool))


def signature_of(manifest: Manifest, files: Mapping[str, bytes], tool: str) -> Signature:
    """The parameters of a tool or command of an approved plugin; raises NotFoundError or ArgumentError."""
    return read_signature(files.get(manifest.entry, b""), handler_of(manifest, tool))


def handler_of(manifest: Manifest, tool: str) -> str:
    """The handler of a tool or command; raises NotFoundError."""
    handlers = {one.name: one.handler for one in (*manifest.commands, *manifest.tools)}
    handler = handlers.get(tool)
    if handler is None:
        known = ", ".join(sorted(handlers))
        raise NotFoundError(f"{manifest.id} has no tool {tool}", hint=f"it has: {known}", id=manifest.id)
    return handler


def run(session: Session, call: Call) -> Outcome:
    """Call, and turn arguments that cannot cross the boundary into an error that names them."""
    try:
        return session.call(call.handler, call.arguments.args, dict(call.arguments.kwargs))
    except ValueError as error:
        raise ArgumentError(f"the arguments cannot be given to a plugin: {error}") from error


class Host:
    """The sessions of the loaded plugins: opened at the first call, replaced when the decision changes."""

    def __init__(
        self,
        workspace: Workspace,
        state: UserState,
        sandbox: Sandbox,
        *,
        events: EventLog | None = None,
        secrets: Mapping[str, str] | None = None,
        on_message: Message = unheard,
    ) -> None:
        self._workspace, self._state, self._sandbox = workspace, state, sandbox
        self._events, self._secrets, self._on_message = events, secrets or {}, on_message
        self._running: dict[str, _Running] = {}
        self._denials: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def call(self, standing: Standing, tool: str, typed: Typed) -> Outcome:
        """Call a tool of a plugin that may run."""
        assert standing.manifest is not None
        call = prepare(signature_of(standing.manifest, standing.files, tool), tool, typed)
        outcome = run(self.session(standing), call)
        if isinstance(outcome, Denied):
            with self._lock:
                self._denials[standing.id, outcome.capability or "language"] += 1
        return outcome

    def session(self, standing: Standing) -> Session:
        """The session of a plugin: of exactly the bytes that its decision names."""
        assert standing.decision is not None
        wanted = standing.decision.hash
        stale: _Running | None = None
        try:
            with self._lock:
                running = self._running.get(standing.id)
                if running is not None and running.decision == wanted:
                    return running.session
                stale = self._running.pop(standing.id, None)
                session = self._open(standing)
                self._running[standing.id] = _Running(decision=wanted, session=session)
        finally:
            if stale is not None:
                stale.session.close()  # without the lock, for which the calls of all plugins wait
        self._record("loaded", plugin=standing.id, version=standing.version, digest=standing.decision.digest)
        return session

    def drop(self, plugin: str) -> None:
        """End what runs of a plugin that may not run any more."""
        with self._lock:
            running = self._running.pop(plugin, None)
        if running is not None:
            running.session.close()

    def close(self) -> None:
        """End every session, and record what was denied."""
        for plugin in list(self._running):
            self.drop(plugin)
        with self._lock:
            denials, self._denials = dict(self._denials), Counter()
        for (plugin, capability), count in sorted(denials.items()):
            self._record("denied", plugin=plugin, capability=capability, count=count)

    def _open(self, standing: Standing) -> Session:
        from sandbox.program import Program

        manifest = standing.manifest
        assert manifest is not None
        code = {path: data for path, data in standing.files.items() if not path.startswith("tests/")}
        return self._sandbox.open(
            Program(files=code, entry=manifest.entry),
            policy=manifest.to_policy(),
            limits=manifest.limits.to_limits(),
            level=manifest.sandbox,
            outside=self._outside(standing),
        )

    def _outside(self, standing: Standing) -> Outside:
        """What the plugin may reach: nothing at all, unless something was granted."""
        from sandbox.outside.base import Closed
        from sandbox.outside.real import RealOutside

        manifest = standing.manifest
        assert manifest is not None
        plugin = standing.id

        def heard(kind: str, content: dict[str, object]) -> None:
            self._on_message(plugin, kind, content)

        if not manifest.capability_names() and self._on_message is unheard:
            return Closed()
        return RealOutside(
            manifest.to_policy(),
            manifest.limits.to_limits(),
            self._storage(plugin),
            {host: header for host, header in self._secrets.items() if host in manifest.capabilities.network},
            forbidden=self._forbidden(),
            on_message=heard,
        )

    def _storage(self, plugin: str) -> Path:
        return self._state.workspace_dir(self._workspace.root) / "storage" / plugin

    def _forbidden(self) -> tuple[str, ...]:
        """What no grant reaches: user state, and what decides about plugins."""
        root, repository = self._workspace.root, self._workspace.repository
        own = (root / name for name in ("plugins", "audit_logs", "ratchet.toml"))
        git = (repository.git_dir, repository.common_dir, repository.top / ".git")
        return tuple(str(path) for path in (self._state.root, *git, *own))

    def _record(self, kind: str, **fields: object) -> None:
        if self._events is not None:
            self._events.append(kind, **fields)
