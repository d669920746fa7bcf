"""The process level: fork servers by kind and hash seed, and the workers they fork."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Final

from sandbox import cgroups
from sandbox.body import ForkedBody, ServerLost
from sandbox.errors import ProtocolError, SandboxUnavailable
from sandbox.launcher import ForkServer
from sandbox.layers import cure, errno_name
from sandbox.limits import Limits
from sandbox.link import Link, frame_limit
from sandbox.protocol import Channel, Frame, Request, new_id, pack, pack_message
from sandbox.starter import Kind

_ATTEMPTS: Final = 3
_SETUP_S: Final = 30.0
_LACKING: Final = {
    errno.EMFILE: "descriptors",
    errno.ENFILE: "descriptors",
    errno.EAGAIN: "processes",
    errno.ENOMEM: "memory",
}
_WITHOUT_CGROUP: Final = (
    "no memory cgroup may be made by this account: several processes of one worker are bounded each by the kernel, and "
    "together by looking every 50 ms, and what one used that has ended and that nobody waited for is not known"
)
_WITHOUT_QUOTA: Final = (
    "no cgroup with a quota of the processor may be made by this account: a share of it is kept by stopping and "
    "continuing the worker, a ceiling that is exact to about 50 ms"
)
_NOTES: Final = (
    "memory is bounded as address space by the kernel, and together with the worker's files by looking every 50 ms",
    "CPU seconds are exact to one look (50 ms)",
)


def _isolated(server: ForkServer, limits: Limits, setup: Frame, first: Request | None) -> Link:
    """Send the setup and, since the worker reads no further before it is isolated, its first request as well."""
    begun = new_id()
    request = pack_message(begun, first) if first is not None else b""
    forked = server.fork(pack({"limits": asdict(limits), **setup}) + request)
    channel = Channel(forked.channel, frame_limit(limits))
    try:
        if forked.unsaid:
            with suppress(ProtocolError):  # the reports say why it does not listen
                channel.send_packed(forked.unsaid, time.monotonic() + _SETUP_S)
        body = ForkedBody.await_isolation(forked)
        try:
            link = Link(channel, body, limits)
        except BaseException:  # an interrupt, too, leaves no worker behind
            body.abandon()
            raise
    except BaseException:  # nor an open channel
        channel.close()
        raise
    if first is not None:
        link.begun(begun, body.resident)
    return link


def _lacking(problem: Exception | None) -> str:
    """Return what this machine has no more of, "" where that is not what went wrong."""
    return _LACKING.get(problem.errno or 0, "") if isinstance(problem, OSError) else ""


def _unavailable(problem: Exception | None) -> SandboxUnavailable:
    layer = _lacking(problem) or "fork server"
    number = problem.errno or 0 if isinstance(problem, OSError) else 0
    return SandboxUnavailable("process", layer, f"{cure(layer)} ({problem})", errno_name(number))


class ProcessLevel:
    """Starts workers. Thread-safe; a fork server that died or is worn is replaced without a caller seeing it."""

    def __init__(self, preload: Mapping[Kind, tuple[str, ...]]) -> None:
        self._preload = dict(preload)
        self._lock = threading.Lock()
        self._servers: dict[tuple[Kind, int | None], ForkServer] = {}
        self._draining: list[ForkServer] = []
        self._closed = False

    def start(self, kind: Kind, seed: int | None, limits: Limits, setup: Frame, first: Request | None = None) -> Link:
        """Return an isolated worker that has `first` to do, if there is one; raises `SandboxUnavailable`."""
        problem: Exception | None = None
        for _ in range(_ATTEMPTS):
            server = None
            try:
                with self._lock:
                    server = self._server(kind, seed)
                return _isolated(server, limits, setup, first)
            except (OSError, ServerLost) as error:
                problem = error
                if _lacking(error) == "descriptors":
                    break  # of this process, whichever server it asks
                self._give_up(server)
        raise _unavailable(problem) from problem

    def warm(self, kind: Kind, seed: int | None) -> None:
        """Have a fork server start, without waiting for it; what goes wrong is for the worker that needs it to say."""
        with self._lock, suppress(OSError, SandboxUnavailable):
            self._server(kind, seed)

    def _server(self, kind: Kind, seed: int | None) -> ForkServer:
        if self._closed:
            raise SandboxUnavailable("process", "fork server", "The sandbox has been closed.")
        server = self._servers.get((kind, seed))
        if server is not None and server.alive and not server.worn:
            return server
        if server is not None:
            self._retire(server)
        self._servers[kind, seed] = fresh = ForkServer(self._preload.get(kind, ()), seed)
        return fresh

    def _give_up(self, server: ForkServer | None) -> None:
        """Have the next attempt start another: this one is dying, which may not show yet."""
        with self._lock:
            for key, one in [*self._servers.items()]:
                if one is server:
                    del self._servers[key]
                    self._retire(one)

    def _retire(self, server: ForkServer) -> None:
        for old in [old for old in self._draining if not old.alive]:
            self._draining.remove(old)
            old.close()
        if server.alive:
            server.drain()
            self._draining.append(server)
        else:
            server.close()

    def layers(self) -> Mapping[str, str]:
        """Return what is in place at this level, for the probe."""
        from sandbox import syscalls

        abi = syscalls.landlock_abi()
        landlock = {"landlock": f"version {abi}"} if abi else {}
        namespaces = "user, mount, pid, net, ipc, uts and cgroup"
        group = cgroups.available()
        memory = {"memory cgroup": f"{group}, for workers of several processes"} if group else {}
        quota = cgroups.available("cpu")
        share = {"processor cgroup": f"{quota}, for workers with a share of a core"} if quota else {}
        seccomp = f"allow-list for {syscalls.machine()}"
        return {"namespaces": namespaces, **landlock, "seccomp": seccomp, **memory, **share}

    def traits(self) -> str:
        """Return nothing: the level is the kernel and this version."""
        return ""

    def notes(self) -> tuple[str, ...]:
        """Return what cannot be enforced exactly here, and what is done instead."""
        memory = () if cgroups.available() else (_WITHOUT_CGROUP,)
        share = () if cgroups.available("cpu") else (_WITHOUT_QUOTA,)
        return (*memory, *share, *_NOTES)

    def servers(self) -> tuple[ForkServer, ...]:
        """Return the fork servers that are in use."""
        with self._lock:
            return tuple(self._servers.values())

    def close(self) -> None:
        """End every fork server, and with them every worker."""
        with self._lock:
            self._closed = True
            servers = [*self._servers.values(), *self._draining]
            self._servers.clear()
            self._draining.clear()
        for server in servers:
            server.close()
