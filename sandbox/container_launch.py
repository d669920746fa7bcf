"""Becomes an OCI runtime, in a mount table of its own where no cgroup is to be seen.

A runtime that finds cgroups which it may not use, or of two kinds at once, refuses to start; ours need none.
"""

from __future__ import annotations

import os
from typing import Final, NoReturn

from sandbox import namespaces, syscalls

_CGROUPS: Final = "/sys/fs/cgroup"


def main(command: list[str]) -> NoReturn:
    """Execute `command`; a descriptor that is to reach the container is inherited through it."""
    namespaces.enter_private_mounts()
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    if os.path.isdir(_CGROUPS):
        syscalls.mount("tmpfs", _CGROUPS, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=4k,mode=0755")
    os.execve(command[0], command, {"PATH": os.defpath, "XDG_RUNTIME_DIR": "/nonexistent"})  # noqa: S606
