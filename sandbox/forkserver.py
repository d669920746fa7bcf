"""The fork server: one thread, an empty environment, no secrets, no data of any program; it only forks workers.

It runs `main` in a process of its own (see `sandbox.launcher`). Program and limits never pass through it: each worker
gets them over its own channel, so nothing of one program is in the memory that the next one inherits. What holds
nothing of any program it makes ahead, for one worker each: an empty network, the Landlock rules of the library.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import socket
from dataclasses import dataclass, field
from typing import NoReturn

from sandbox import forkhooks, landlock, loops, mounts, namespaces, rlimits, seccomp, syscalls, worker
from sandbox.layers import LayerFailed, layer
from sandbox.preload import follow_moved_paths, preload, visible_paths
from sandbox.spawn import ROOT

_MESSAGE = 1 << 20


@dataclass(slots=True)
class _Child:
    pid: int
    status: int


@dataclass(slots=True)
class _Server:
    control: socket.socket
    facts: worker.Facts
    readable: tuple[str, ...]
    children: dict[int, _Child] = field(default_factory=dict)
    draining: bool = False
    prepared: bool = False
    ruleset: int = -1

    def serve(self) -> None:
        """Fork when asked, report who ended, until the host is gone or everything has drained."""
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        while not self.draining or self.children:
            for descriptor, _ in poll.poll():
                if descriptor != self.control.fileno():
                    poll.unregister(descriptor)
                    self.reap(descriptor)
                    continue
                message, descriptors, _, _ = socket.recv_fds(self.control, _MESSAGE, 2)
                if not message:
                    self.kill_all()
                    return
                if message == b"drain":
                    self.draining = True
                else:
                    started = self.fork(*descriptors)
                    if started is not None:
                        poll.register(started, select.POLLIN)

    def fork(self, channel: int, status: int) -> int | None:
        """Start a worker on `channel`; what becomes of it is said on `status`."""
        pid = pidfd = -1
        try:
            self.prepare()
            pid, pidfd = namespaces.clone_worker()
            if pid == 0:
                self.control.detach()
                worker.main(channel, status, self.ruleset, self.facts)
            make_way(pid)
            self.prepared = False
            if self.ruleset >= 0:
                os.close(self.ruleset)
            self.prepare()  # now, so that the worker is alone in its namespaces before the host hears of it
            _send(status, {"pid": pid}, pidfd)
        except LayerFailed as problem:
            _send(status, worker.failure(problem))
            if pidfd < 0:
                os.close(status)
            else:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.close(channel)
        if pidfd >= 0:
            self.children[pidfd] = _Child(pid, status)
        return pidfd if pidfd >= 0 else None

    def prepare(self) -> None:
        """Have namespaces and a Landlock ruleset ready that no worker has."""
        if not self.prepared:
            namespaces.prepare_next()
            self.ruleset = landlock.prepare(self.readable)
            self.prepared = True

    def reap(self, pidfd: int) -> None:
        """Collect a worker that ended and say how."""
        child = self.children.pop(pidfd)
        _, status, usage = os.wait4(child.pid, 0)
        os.close(pidfd)
        report: dict[str, object] = {
            "exit": status,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_kb": usage.ru_maxrss,
        }
        _send(child.status, report)
        os.close(child.status)

    def kill_all(self) -> None:
        """End every worker: the host is gone, so nobody else will."""
        for pidfd, child in self.children.items():
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.waitpid(child.pid, 0)


def make_way(pid: int) -> None:
    """Have a new process begin on another core: the kernel often lets it wait on this one, which is still in use.

    It may come back: this says only where it starts. Where it cannot be moved it starts as late as the kernel likes.
    """
    allowed = os.sched_getaffinity(0)
    others = allowed - {syscalls.current_core()}
    if others:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(pid, others)
            os.sched_setaffinity(pid, allowed)


def _send(status: int, message: dict[str, object], *descriptors: int) -> None:
    """Send one report; the host may have closed its end, which is its own business."""
    connection = socket.socket(fileno=status)
    try:
        socket.send_fds(
            connection, [json.dumps(message).encode()], descriptors, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
        )
    except OSError:
        return
    finally:
        connection.detach()


def _prepare(control: socket.socket) -> _Server:
    config = json.loads(control.recv(_MESSAGE))
    preload(config["preload"])
    loops.adapt()
    forkhooks.stop_deferring()
    visible, hidden = visible_paths(ROOT)
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    namespaces.enter_private_mounts()
    mounts.build_root(visible, hidden)
    if os.geteuid() == 0:
        namespaces.become_nobody()
        namespaces.own_users(proc)  # an ordinary user's fork server has had to move into one already
    follow_moved_paths()
    with layer("seccomp"):
        seccomp.prepare()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    user, group, inherited = os.geteuid(), os.getegid(), rlimits.address_space(proc)
    facts = worker.Facts(proc=proc, user=user, group=group, inherited=inherited)
    server = _Server(control, facts, mounts.readable_paths(visible))
    server.prepare()
    return server


def main(descriptor: int) -> NoReturn:
    """Serve the host on a socket given by descriptor."""
    os.environ.clear()
    control = socket.socket(fileno=descriptor)
    try:
        server = _prepare(control)
    except LayerFailed as problem:
        control.send(json.dumps(worker.failure(problem)).encode())
        os._exit(1)
    gc.collect()
    gc.freeze()
    gc.disable()
    control.send(b'{"ready": true}')
    try:
        server.serve()
    finally:
        os._exit(0)
