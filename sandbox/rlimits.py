"""Resource limits of a worker: the ceilings that the kernel holds even when nobody watches."""

from __future__ import annotations

import os
import resource
from typing import Final

from sandbox.layers import layer
from sandbox.limits import Limits

_MB: Final = 1 << 20
# The channel, standard input, output and errors are ours.
_OWN_DESCRIPTORS: Final = 4


def address_space(proc: int) -> int:
    """Return the bytes of address space this process has now: what a worker inherits and cannot be blamed for."""
    descriptor = os.open("self/statm", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        return int(os.read(descriptor, 128).split()[0]) * resource.getpagesize()
    finally:
        os.close(descriptor)


def apply(limits: Limits, *, inherited: int) -> None:
    """Lower the limits of this process for good; `inherited` is the address space that is not counted."""
    ceilings = {
        resource.RLIMIT_AS: inherited + limits.memory_mb * _MB,
        resource.RLIMIT_FSIZE: limits.file_mb * _MB,
        resource.RLIMIT_NOFILE: limits.open_files + _OWN_DESCRIPTORS,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_SIGPENDING: 64,
    }
    with layer("limits"):
        for kind, value in ceilings.items():
            _, hard = resource.getrlimit(kind)
            least = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (least, least))
