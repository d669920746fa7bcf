"""Be told when a program of the host reads in a folder."""

from __future__ import annotations

import fcntl
import os
import signal

ORIGIN = "fcntl(2), F_NOTIFY: what inotify does, by a signal and without a call of its own to forbid."
SEEN = "claimed"
ACCESSED = 1


def attack(target):
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    fcntl.fcntl(os.open(os.path.dirname(os.__file__), os.O_RDONLY), fcntl.F_NOTIFY, ACCESSED)
    return True
