"""A lock for one change, between threads and between processes; the thread that holds it can take it again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plugins.errors import LockedError, StateError


@dataclass(slots=True)
class _Held:
    """What this process knows of one lock file."""

    thread: threading.RLock = field(default_factory=threading.RLock)
    depth: int = 0
    descriptor: int = -1


_HELD: dict[str, _Held] = {}
_TABLE = threading.Lock()


def held_descriptors() -> tuple[int, ...]:
    """The locks that this process holds, for the programs that it starts to work under them.

    A program that outlives its Ratchet keeps the lock until it ends, so that the next Ratchet cannot run into it.
    """
    with _TABLE:
        return tuple(held.descriptor for held in _HELD.values() if held.descriptor >= 0)


@contextlib.contextmanager
def hold(path: Path, what: str, *, wait_s: float = 10.0) -> Iterator[None]:
    """Hold the lock file `path` while `what` is changed; raises LockedError when another keeps it longer than `wait_s`.

    The kernel drops it when the process ends, however it ends, so a lock is never left behind.
    """
    with _TABLE:
        held = _HELD.setdefault(os.path.realpath(path), _Held())
    deadline = time.monotonic() + wait_s
    if not held.thread.acquire(timeout=wait_s):
        raise LockedError(f"{what} is being changed by another part of this program", hint="try again")
    try:
        if held.depth == 0:
            held.descriptor = _open(path)
            _take(held.descriptor, what, deadline)
        held.depth += 1
        try:
            yield
        finally:
            held.depth -= 1
    finally:
        if held.depth == 0 and held.descriptor >= 0:
            os.close(held.descriptor)
            held.descriptor = -1
        held.thread.release()


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"cannot open the lock {path}: {error.strerror}") from error


def _take(descriptor: int, what: str, deadline: float) -> None:
    """Wait for the lock, a short time: whoever has it makes one change, not a session."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
                raise LockedError(
                    f"{what} is being changed by another Ratchet (process {holder})",
                    hint="wait for it to finish and try again",
                ) from error
            time.sleep(0.02)  # to wait for a lock the kernel has only a call without a deadline
    with contextlib.suppress(OSError):  # only to be told to others; a full disk is met where it matters
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
