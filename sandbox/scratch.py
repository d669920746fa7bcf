"""Temporary folders that do not outlive us, also when we are killed: whoever makes the next one removes the orphans.

A folder is held by a lock for as long as its process lives, and the kernel lets go of it whatever ends the process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


class Scratch:
    """One folder of this process alone, below the folder for temporary files."""

    def __init__(self, prefix: str) -> None:
        """Make it, and remove what others with this prefix left behind."""
        while True:
            path = Path(tempfile.mkdtemp(prefix=prefix))
            held = _hold(path)
            if held is not None and path.exists():  # else another process took it for an orphan just now
                break
            if held is not None:
                os.close(held)
        self.path, self._held = path, held
        for orphan in sorted(path.parent.glob(f"{prefix}*")):
            if orphan != path:
                _remove_orphan(orphan)

    def close(self) -> None:
        """Remove it."""
        if self._held >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._held)
            self._held = -1


def _hold(path: Path) -> int | None:
    """Return a descriptor that holds the lock of a folder; None while somebody else does, or when it is gone."""
    descriptor = -1
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if descriptor >= 0:
            os.close(descriptor)
        return None
    return descriptor


def _remove_orphan(path: Path) -> None:
    with suppress(OSError):
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return
        held = _hold(path)
        if held is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(held)
