"""Becomes an OCI runtime, in a mount table of its own where no cgroup is to be seen.

A runtime that finds cgroups which it may not use, or of two kinds at once, refuses to start; ours need none.
"""

from __future__ import annotations

import fcntl
import os
from typing import Final, NoReturn

from sandbox import namespaces, syscalls

# Runtimes pass on a row of descriptors from 3 on, without a gap.
CHANNEL: Final = 3
OUTPUT: Final = 4
_LIFELINE: Final = 5
_CGROUPS: Final = "/sys/fs/cgroup"


def main(
    kept: tuple[int, int, int], seats: tuple[int, int], boxes: dict[str, str], user: int, command: list[str]
) -> NoReturn:
    """Execute `command`, with the two descriptors that are to reach the container, channel and output, at `seats`.

    The third of `kept` is the lifeline, which the runtime holds and does not pass on.
    `boxes` are folders with the options of a tmpfs to mount there, for a runtime that cannot bound one itself.
    `user` is who the runtime is in its own eyes, when an ordinary user starts it.
    """
    moved = [fcntl.fcntl(one, fcntl.F_DUPFD, _LIFELINE + 1) for one in kept]
    for source, target in zip(moved, (*seats, _LIFELINE), strict=True):
        os.dup2(source, target)
        os.close(source)
    namespaces.enter_private_mounts(user)
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    if os.path.isdir(_CGROUPS):
        syscalls.mount("tmpfs", _CGROUPS, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=4k,mode=0755")
    for path, options in boxes.items():
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
        syscalls.mount("tmpfs", path, "tmpfs", flags, options)
    os.execve(command[0], command, {"PATH": os.defpath, "XDG_RUNTIME_DIR": "/nonexistent"})  # noqa: S606
