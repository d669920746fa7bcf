"""The terminal's echo: off while a line that passes stands there, so that what is typed ahead does not run into it.

Nothing that is typed is lost: whoever reads next gets it, and shows it. Ctrl-C works as ever. Signals that end the
process meanwhile end it as ever, once what is typed is shown again.
"""

from __future__ import annotations

import functools
import os
import signal
import termios
import threading
from contextlib import suppress
from typing import Any, Final

_STDIN = 0
_FLAGS = 3  # where `termios` keeps the local modes
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Echo:
    """The echo of the terminal behind a descriptor; nothing happens where that is no terminal, or is not ours now."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._quiet = False

    def off(self) -> None:
        """Show no more of what is typed; a terminal that shows nothing anyway stays as it is."""
        if not self._quiet and self._shown():
            self._quiet = True  # before it is, so that a signal in between finds it to be turned on
            _replace(signal.SIG_DFL, self._end)
            self._set(shown=False)

    def on(self) -> None:
        """Show it again, if it was shown before."""
        if self._quiet:
            self._set(shown=True)
            _replace(self._end, signal.SIG_DFL)
            self._quiet = False

    def _end(self, number: int, _frame: object) -> None:
        """Leave the terminal as it was, then end as without this."""
        self.on()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def _shown(self) -> bool:
        with suppress(OSError, termios.error):
            return bool(self._modes()[_FLAGS] & termios.ECHO)
        return False

    def _set(self, *, shown: bool) -> None:
        with suppress(OSError, termios.error):
            modes = self._modes()
            modes[_FLAGS] = modes[_FLAGS] | termios.ECHO if shown else modes[_FLAGS] & ~termios.ECHO
            termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)

    def _modes(self) -> list[Any]:
        """Return the modes of the terminal; raises OSError in the background, where whoever changes them is stopped."""
        if os.tcgetpgrp(self._descriptor) != os.getpgrp():
            raise OSError
        return termios.tcgetattr(self._descriptor)


def _replace(old: object, new: Any) -> None:
    """Change what is done about signals that end a process; those that somebody ignores or uses are left to them."""
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            if signal.getsignal(number) == old:
                signal.signal(number, new)


@functools.cache
def echo() -> Echo:
    """Return the echo of standard input."""
    return Echo(_STDIN)
