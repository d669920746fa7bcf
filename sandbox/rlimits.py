"""Resource limits of a worker: the ceilings that the kernel holds even when nobody watches."""

from __future__ import annotations

import mmap
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


def found_address_space() -> int:
    """Return the same where no /proc tells: the smallest limit under which a page more can be had.

    Only from a kernel that takes a limit below what is in use, as all do.
    """
    before, page = resource.getrlimit(resource.RLIMIT_AS), resource.getpagesize()
    least, most = 0, 1 << 48
    while most - least > page:
        middle = (least + most) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, before[1]))
        try:
            mmap.mmap(-1, page).close()
        except (OSError, MemoryError):
            least = middle
        else:
            most = middle
    resource.setrlimit(resource.RLIMIT_AS, before)
    return most


def apply(limits: Limits, *, inherited: int, queues: bool = True) -> None:
    """Lower the limits of this process for good; `inherited` is the address space that is not counted.

    Without `queues` those of a kernel are left out that has none of what they bound, and refuses to be told.
    """
    ceilings = {
        resource.RLIMIT_AS: inherited + limits.memory_mb * _MB,
        resource.RLIMIT_FSIZE: limits.file_mb * _MB,
        resource.RLIMIT_NOFILE: limits.open_files + _OWN_DESCRIPTORS,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    bounded = {
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_SIGPENDING: 64,
    }
    with layer("limits"):
        for kind, value in {**ceilings, **(bounded if queues else {})}.items():
            _, hard = resource.getrlimit(kind)
            least = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (least, least))
