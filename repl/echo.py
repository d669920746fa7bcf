"""The terminal's echo: off while a line that passes stands there, so that what is typed ahead does not run into it.

Nothing that is typed is lost: whoever reads next gets it, and shows it. Ctrl-C works as ever.
"""

from __future__ import annotations

import functools
import os
import termios
from contextlib import suppress
from typing import Any

_STDIN = 0
_FLAGS = 3  # where `termios` keeps the local modes


class Echo:
    """The echo of the terminal behind a descriptor; nothing happens where that is no terminal, or is not ours now."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._quiet = False

    def off(self) -> None:
        """Show no more of what is typed; a terminal that shows nothing anyway stays as it is."""
        if not self._quiet:
            self._quiet = self._set(shown=False)

    def on(self) -> None:
        """Show it again, if it was shown before."""
        if self._quiet:
            self._set(shown=True)
            self._quiet = False

    def _set(self, *, shown: bool) -> bool:
        """Return whether that changed anything."""
        with suppress(OSError, termios.error):
            # Whoever changes a terminal from the background is stopped.
            if os.tcgetpgrp(self._descriptor) != os.getpgrp():
                return False
            modes: list[Any] = termios.tcgetattr(self._descriptor)
            wanted = modes[_FLAGS] | termios.ECHO if shown else modes[_FLAGS] & ~termios.ECHO
            if wanted != modes[_FLAGS]:
                modes[_FLAGS] = wanted
                termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)
                return True
        return False


@functools.cache
def echo() -> Echo:
    """Return the echo of standard input."""
    return Echo(_STDIN)
