"""The first process of a container: import, take the setup, add our own layers to the runtime's, then serve."""

from __future__ import annotations

import base64
import fcntl
import importlib
import os
import signal
import socket
from typing import Any, Final, NoReturn

from sandbox import landlock, loops, places, rlimits, seccomp, serving, syscalls
from sandbox.layers import LayerFailed, layer
from sandbox.limits import Limits
from sandbox.protocol import Channel
from sandbox.worker import failure, settle

_HOST_FRAME: Final = 1 << 28
# What a program may not read of the root, or has rules of its own.
_HIDDEN: Final = ("work", "plugin", "tmp", "dev", "proc", "sys", "run", "etc")


def main(descriptor: int, output: int, modules: list[str]) -> NoReturn:
    """Serve one host on a socket given by descriptor; print to the file of the host, whatever the runtime put there."""
    os.environ.clear()
    descriptor = _arrange_descriptors(descriptor, output)
    for name in modules:
        importlib.import_module(name)
    loops.adapt()
    channel = Channel(socket.socket(fileno=descriptor), _HOST_FRAME)
    channel.send({"imported": True})
    setup: Any = channel.receive()
    limits = Limits(**setup["limits"])
    try:
        _isolate(setup, limits)
    except LayerFailed as problem:
        channel.send(failure(problem))
        os._exit(1)
    channel.send({"ready": True})
    serving.serve(channel, limits.output_kb)


def _arrange_descriptors(channel: int, output: int) -> int:
    """Leave nothing to read on 0, the output on 1 and 2, and the channel elsewhere; return where that is."""
    moved = channel if channel > 2 else fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, 3)
    null = os.open(places.NULL, os.O_RDONLY)
    os.dup2(null, 0)
    for target in (1, 2):
        if output != target:
            os.dup2(output, target)
    for one in {output, null} - {0, 1, 2}:
        os.close(one)
    return moved


def _isolate(setup: Any, limits: Limits) -> None:
    with layer("mounts"):
        for path, content in setup["files"].items():
            target = f"{places.PLUGIN}/{path}"
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "xb") as stream:
                stream.write(base64.b64decode(content))
        os.chdir(places.WORK)
    settle(limits)
    gvisor = setup["inherited"] is None  # only from inside can be seen how large this process is
    inherited = rlimits.found_address_space() if gvisor else setup["inherited"]
    rlimits.apply(limits, inherited=inherited, queues=not gvisor)
    with layer("capabilities"):
        syscalls.set_no_new_privileges()
    with layer("landlock"):
        readable = tuple(path for path in os.listdir("/") if path not in _HIDDEN)
        ruleset = landlock.prepare((*(f"/{path}" for path in readable), places.PLUGIN))
        abi = landlock.restrict(ruleset, writable=(places.WORK, places.NULL))
        if abi == 0 and not setup["allow_missing_landlock"]:
            raise LayerFailed("landlock", 0, "this kernel has no Landlock")
    with layer("capabilities"):
        syscalls.drop_capabilities(bounding=False, ambient=not gvisor)  # the runtime emptied that one
        syscalls.set_parent_death_signal(signal.SIGKILL)
    with layer("seccomp"):
        seccomp.load(processes=limits.processes > 1)
