"""Namespaces and identities of the fork server and of each worker, which shares none with anybody."""

from __future__ import annotations

import os
import socket
from typing import Final

from sandbox import syscalls
from sandbox.layers import layer

# Who the code runs as when Ratchet runs as root: a number without an account, which owns nothing.
NOBODY: Final = 100_000
# Its own number inside, whoever it is outside.
INSIDE: Final = 1000
# Empty ones, which the fork server makes between two workers and leaves to the next: a network takes longer to make
# than a process.
_AHEAD: Final = syscalls.CLONE_NEWNET | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWCGROUP
_AT_ONCE: Final = syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID
WORKER_FLAGS: Final = _AHEAD | _AT_ONCE


def enter_private_mounts(inside: int = INSIDE) -> None:
    """Give this process its own mount table: directly as root, otherwise through a user namespace, as user `inside`."""
    if os.geteuid() == 0:
        with layer("namespaces"):
            syscalls.unshare(syscalls.CLONE_NEWNS)
    else:
        proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        try:
            own_users(proc, syscalls.CLONE_NEWNS, inside)
        finally:
            os.close(proc)


def own_users(proc: int, flags: int = 0, inside: int = INSIDE) -> None:
    """Move into a user namespace, for the right to make namespaces of the kinds in `flags` and others later."""
    user, group = os.geteuid(), os.getegid()
    with layer("user namespace"):
        syscalls.unshare(syscalls.CLONE_NEWUSER | flags)
    map_identity(proc, user, group, inside)


def map_identity(proc: int, user: int, group: int, inside: int = INSIDE) -> None:
    """Map the one outer user and group of this process to `inside`; `proc` is a descriptor of /proc.

    A descriptor, since inside there is no /proc to look into.
    """
    with layer("identity"):
        _write(proc, "self/setgroups", "deny")
        _write(proc, "self/uid_map", f"{inside} {user} 1")
        _write(proc, "self/gid_map", f"{inside} {group} 1")


def become_nobody() -> None:
    """As root, give up being root for good. What root may read must have been bound before."""
    if os.geteuid() != 0:
        return
    with layer("identity"):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # Changing the user made our own /proc files root's; each worker has to write its maps there.
        syscalls.set_dumpable(dumpable=True)


def prepare_next() -> None:
    """Move the fork server into fresh namespaces, which it leaves with the next call, to the worker forked between.

    They belong to the fork server's user namespace, so that inside the worker nobody has a right over them.
    """
    with layer("namespaces"):
        syscalls.unshare(_AHEAD)
        socket.sethostname("sandbox")  # hides the name of the machine


def clone_worker() -> tuple[int, int]:
    """Fork a worker into what `prepare_next` made, and the rest of its own; (pid, pidfd), (0, -1) in the worker."""
    with layer("namespaces"):
        return syscalls.clone(_AT_ONCE)


def _write(proc: int, path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
