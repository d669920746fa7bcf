"""Where a worker finds things, as it names them itself."""

from __future__ import annotations

from typing import Final

PLUGIN: Final = "/plugin"  # the files of its program, read-only
WORK: Final = "/work"  # its current folder: the files of a job, and whatever it writes
TEMPORARY: Final = "/tmp"  # noqa: S108 (a folder of the private root)
NULL: Final = "/dev/null"

# Folders of the private root that are ours: what the host has under the same names is seen elsewhere.
_TAKEN: Final = ("/plugin/", "/work/", "/tmp/", "/box/", "/empty/", "/dev/", "/host/")  # noqa: S108
_MOVED: Final = "/host"


def inside(path: str) -> str:
    """Return where a path of the host is seen in the new root: at its own place, unless a folder of ours is there."""
    return f"{_MOVED}{path}" if path.startswith(_TAKEN) else path
