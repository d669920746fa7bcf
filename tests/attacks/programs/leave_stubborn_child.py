"""Leave a child that ignores signals."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal

ORIGIN = "Ignored signals do not stop SIGKILL, but a parent may die first."
SEEN = "outlives"
LIMITS = {"processes": 8}


def attack(target):
    done = mmap.mmap(-1, 1)
    if os.fork() == 0:
        for number in (1, 2, 3, 13, 15):
            signal.signal(number, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
        ctypes.CDLL(None).prctl(15, b"ratchet-attack", 0, 0, 0)
        for descriptor in range(64):
            try:
                os.close(descriptor)
            except OSError:
                pass
        done[0] = 1
        signal.pause()
    while not done[0]:
        os.sched_yield()
