"""The child side: isolate in the one right order, then serve one host until it closes the channel.

Everything after `_take_descriptors` runs beside hostile code, so nothing here is trusted by the host: it knows what it
sent, measures from outside, and takes a reply for no more than the program's own answer.
"""

from __future__ import annotations

import base64
import faulthandler
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from typing import Final, NoReturn

from sandbox import forkhooks, landlock, mounts, namespaces, places, rlimits, seccomp, serving, syscalls
from sandbox.answers import CapabilityDenied
from sandbox.layers import LayerFailed, errno_name, layer
from sandbox.limits import Limits
from sandbox.protocol import Channel, Frame
from sandbox.serving import ask, note

__all__ = ["CapabilityDenied", "Facts", "ask", "failure", "main", "note"]

# Frames from the host are trusted; this only bounds a mistake. Files of a program come in the first one.
_HOST_FRAME: Final = 1 << 28
_SETUP_S: Final = 60.0
_THREAD_STACK: Final = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the fork server knows and every worker needs: nothing of any program."""

    proc: int
    user: int
    group: int
    inherited: int


def failure(problem: LayerFailed) -> dict[str, object]:
    """Return the report of a layer that could not be put in place."""
    return {"failed": problem.layer, "errno": errno_name(problem.number), "detail": problem.detail}


def main(channel: int, status: int, ruleset: int, facts: Facts) -> NoReturn:
    """Become a worker; never returns to the fork server's code. `ruleset` is a Landlock one of its own, or -1."""
    try:
        connection, limits = _take_descriptors(channel, status, ruleset, facts)
        serving.serve(connection, limits.output_kb)
    finally:
        os._exit(0)


def _take_descriptors(channel: int, status: int, ruleset: int, facts: Facts) -> tuple[Channel, Limits]:
    reports = socket.socket(fileno=status)
    connection = Channel(socket.socket(fileno=channel), _HOST_FRAME)
    setup = connection.receive(time.monotonic() + _SETUP_S)
    limits = Limits(**setup["limits"])  # type: ignore[arg-type]
    try:
        abi, output = _confine(setup, limits, facts, ruleset, {reports.fileno(), connection.socket.fileno()})
        socket.send_fds(reports, [b'{"output": true}'], [output])  # a worker can pass no descriptor: they would add up
        os.close(output)
        with layer("seccomp"):
            seccomp.load(processes=limits.processes > 1)
    except LayerFailed as problem:
        reports.send(json.dumps(failure(problem)).encode())
        os._exit(1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    report = {"layers": {"landlock": abi, "seccomp": syscalls.machine()}, "memory": memory}
    reports.send(json.dumps(report).encode())
    reports.close()
    return connection, limits


def _confine(setup: Frame, limits: Limits, facts: Facts, ruleset: int, kept: set[int]) -> tuple[int, int]:
    """Put every layer in place but the last, in the order in which each still allows the next.

    Return the version of Landlock, 0 for none, and the file that takes what is printed.
    """
    namespaces.map_identity(facts.proc, facts.user, facts.group)
    files = _files(setup)
    mounts.mount_box(limits.disk_mb, limits.inodes, files)
    mounts.write_files(str(setup["folder"]), files)
    output = mounts.open_output()
    mounts.seal_box()
    _arrange_descriptors(output, kept | {ruleset} if ruleset >= 0 else kept)
    settle(limits)
    rlimits.apply(limits, inherited=facts.inherited)
    with layer("capabilities"):
        syscalls.set_no_new_privileges()
    with layer("landlock"):
        writable = (places.WORK, places.TEMPORARY, places.NULL)
        abi = landlock.restrict(ruleset, readable=(places.PLUGIN,), writable=writable)
        if abi == 0 and not setup["allow_missing_landlock"]:
            raise LayerFailed("landlock", 0, "this kernel has no Landlock")
    with layer("capabilities"):
        syscalls.drop_capabilities()
        syscalls.set_parent_death_signal(signal.SIGKILL)
    return abi, output


def _files(setup: Frame) -> dict[str, bytes]:
    files = setup["files"]
    return {path: base64.b64decode(text) for path, text in files.items()} if isinstance(files, dict) else {}


def _arrange_descriptors(output: int, kept: set[int]) -> None:
    """Leave open: nothing to read on 0, the output on 1 and 2, and what is kept: the channel, others for a while."""
    null = os.open(places.NULL, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target, inheritable=False)
    first = 3
    for descriptor in sorted({output, *kept}):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, 1 << 16)


def settle(limits: Limits) -> None:
    """Set up the interpreter for what follows: collector, crash reports, small stacks for many threads."""
    gc.enable()
    faulthandler.enable(file=2, all_threads=True)
    if limits.processes > 1:
        forkhooks.restore()
        threading.stack_size(_THREAD_STACK)
    sys.argv[:] = [""]
