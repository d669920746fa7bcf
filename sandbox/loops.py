"""Event loops of asyncio in a worker: they wait by `poll` and are woken by an eventfd.

What asyncio uses by itself, an epoll and a pair of sockets, is refused to a worker: both keep memory of the kernel that
no limit counts, and the watches of an epoll are counted for the person's account.
"""

from __future__ import annotations

import os
import selectors
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

_MODULE: Final = "asyncio.selector_events"


class Waker:
    """Both ends of what wakes a loop, where asyncio has a pair of sockets."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def fileno(self) -> int:
        """Return the descriptor, which can be read from once it was sent to."""
        return self._descriptor

    def send(self, data: bytes) -> int:
        """Wake the loop."""
        os.eventfd_write(self._descriptor, 1)
        return len(data)

    def recv(self, _size: int) -> bytes:
        """Take all wakings at once; raises `BlockingIOError` where there is none."""
        os.eventfd_read(self._descriptor)
        return b"\0"

    def close(self) -> None:
        """Close it; the loop does so for either end."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def adapt() -> None:
    """Have every loop of this process, and of those it forks, do with that; handlers of signals they then have none.

    Where asyncio has not been imported this is done when it is: it takes longer than all that a container imports.
    """
    selectors.DefaultSelector = selectors.PollSelector  # type: ignore[misc, assignment]
    if _MODULE in sys.modules:
        _change(sys.modules[_MODULE])
    else:
        sys.meta_path.insert(0, _Watch())


class _Watch:
    """Finds one module, once, and has it changed as soon as it has run."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, _target: object = None) -> ModuleSpec | None:
        """Return the module that would be found anyway."""
        if name != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)
        if spec is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def execute_and_change(module: ModuleType) -> None:
                execute(module)
                _change(module)

            loader.exec_module = execute_and_change
        return spec


def _change(module: ModuleType) -> None:
    setattr(module.BaseSelectorEventLoop, "_make_self_pipe", _make_waker)  # noqa: B010 (a private one, of a class)


def _make_waker(loop: Any) -> None:
    """Do what `BaseSelectorEventLoop._make_self_pipe` does, with an eventfd."""
    waker = Waker()
    loop._ssock = loop._csock = waker  # noqa: SLF001 (it has no other way in, here and below)
    loop._internal_fds += 1  # noqa: SLF001
    loop._add_reader(waker.fileno(), loop._read_from_self)  # noqa: SLF001
