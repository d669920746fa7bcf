"""What a worker sees of a file system: the standard library, its own files, and one sized tmpfs.

The fork server builds a root once and moves into it; each worker adds its own tmpfs. Of the host there is only what
Python imports lazily (the standard library, the third-party packages that are loaded anyway, time zones) and
/dev/null. There is no /proc, no /etc, no home; what a policy grants is answered by the host, never mounted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import Final

from sandbox import syscalls
from sandbox.layers import layer
from sandbox.places import PLUGIN, TEMPORARY, WORK, inside

ZONES: Final = "/usr/share/zoneinfo"
_PAGE: Final = os.sysconf("SC_PAGESIZE")
# The root of the box, its three folders and the output; a page for each of their directory blocks is not charged.
_OWN_INODES: Final = 5
_OWN_PAGES: Final = 16
_NULL: Final = "/dev/null"
_BOX: Final = "/box"
_EMPTY: Final = "/empty"
# A folder that exists on every Linux, is a mount point, and that no file of Python lies under.
_NEW_ROOT: Final = "/proc"
_SEALED: Final = syscalls.MOUNT_ATTR_RDONLY | syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV


def build_root(visible: Iterable[str], hidden: Iterable[str]) -> None:
    """Move into a new read-only root that holds the `visible` paths of the host, where the host has them.

    `hidden` folders beneath them are covered by an empty one; a visible path beneath a hidden one is seen again.
    """
    with layer("mounts"):
        syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
        syscalls.mount("tmpfs", _NEW_ROOT, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "size=1m,mode=0755")
        for path in (PLUGIN, WORK, TEMPORARY, _BOX, _EMPTY):
            os.mkdir(_NEW_ROOT + path)
        covers = {os.path.normpath(path) for path in hidden}
        for path in sorted({*map(os.path.normpath, visible), *covers}):
            if path in covers:
                _cover(path)
            else:
                _bind(path)
        _bind_null()
        os.chdir(_NEW_ROOT)
        syscalls.pivot_root_here()
        syscalls.set_mount_attributes("/", _SEALED)


def _bind(path: str) -> None:
    if not os.path.exists(path) or _is_below_bound(path):
        return
    target = _NEW_ROOT + inside(path)
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _touch(target)
    syscalls.mount(path, target, "", syscalls.MS_BIND | syscalls.MS_REC)
    syscalls.set_mount_attributes(target, _SEALED, recursive=True)


def _is_below_bound(path: str) -> bool:
    """Tell whether the new root shows this very file already, through a folder above it."""
    try:
        shown, real = os.stat(_NEW_ROOT + inside(path)), os.stat(path)
    except OSError:
        return False
    return (shown.st_dev, shown.st_ino) == (real.st_dev, real.st_ino)


def _cover(path: str) -> None:
    if os.path.isdir(_NEW_ROOT + inside(path)):
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
        syscalls.mount("tmpfs", _NEW_ROOT + inside(path), "tmpfs", flags, "size=1m,mode=0755")


def _bind_null() -> None:
    os.mkdir(f"{_NEW_ROOT}/dev")
    target = _NEW_ROOT + _NULL
    _touch(target)
    if stat.S_ISCHR(os.stat(_NULL).st_mode):
        syscalls.mount(_NULL, target, "", syscalls.MS_BIND)
        # Read-only keeps its times as they are; what is written to a device is not written to the file system.
        flags = syscalls.MOUNT_ATTR_RDONLY | syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NOEXEC
        syscalls.set_mount_attributes(target, flags)


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))


def mount_box(disk_mb: int, inodes: int, files: dict[str, bytes]) -> None:
    """Mount the worker's one sized tmpfs and make its folders; `seal_box` ends what this begins.

    What is put in from outside is not counted: the given files, the folders, the file that takes the output.
    """
    with layer("mounts"):
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
        pages = sum(-(-len(content) // _PAGE) for content in files.values()) + _OWN_PAGES
        folders = {path[:end] for path in files for end, letter in enumerate(path) if letter == "/"}
        entries = len(files) + len(folders) + _OWN_INODES
        size = f"size={disk_mb * 1024 + pages * _PAGE // 1024}k,nr_inodes={inodes + entries},mode=0700"
        syscalls.mount("tmpfs", _BOX, "tmpfs", flags, size)
        for path in (PLUGIN, WORK, TEMPORARY):
            os.mkdir(_BOX + path, 0o700)


def write_files(folder: str, files: dict[str, bytes]) -> None:
    """Write the files of a program or a job under `PLUGIN` or `WORK`, before the box is sealed."""
    with layer("mounts"):
        for path, content in files.items():
            target = f"{_BOX}{folder}/{path}"
            if "/" in path:
                os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "xb", buffering=0) as stream:
                stream.write(content)


def open_output() -> int:
    """Return a nameless file in the box that takes what the worker prints; the host reads it from outside."""
    with layer("mounts"):
        path = f"{_BOX}/output"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.unlink(path)
        return descriptor


def seal_box() -> None:
    """Show the folders of the box at their places, the program's read-only, and hide the box itself.

    It is covered and not detached: taking a mount out of a namespace waits for the whole machine (milliseconds), and
    what is covered is out of reach as well for who may neither mount nor unmount.
    """
    with layer("mounts"):
        for path in (PLUGIN, WORK, TEMPORARY):
            syscalls.mount(_BOX + path, path, "", syscalls.MS_BIND)
        syscalls.set_mount_attributes(PLUGIN, _SEALED)
        syscalls.mount(_EMPTY, _BOX, "", syscalls.MS_BIND)
        os.chdir(WORK)


def readable_paths(visible: Iterable[str]) -> tuple[str, ...]:
    """Return what Landlock should let every worker read: what is there of the visible paths."""
    return tuple(inside(path) for path in visible if os.path.exists(inside(path)))
