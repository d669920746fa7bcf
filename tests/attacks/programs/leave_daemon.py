"""Leave a process behind."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal

ORIGIN = "Double fork: the classic way to outlive a session."
SEEN = "outlives"
LIMITS = {"processes": 8}


def attack(target):
    done = mmap.mmap(-1, 1)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"ratchet-attack", 0, 0, 0)
            for descriptor in range(64):
                try:
                    os.close(descriptor)
                except OSError:
                    pass
            done[0] = 1
            signal.pause()
        os._exit(0)
    os.wait()
    while not done[0]:
        os.sched_yield()
