"""See how busy the machine is."""

from __future__ import annotations

import ctypes

ORIGIN = "sysinfo(2) shows uptime, load, memory and the number of processes of the whole machine, past any namespace."
SEEN = "claimed"


def attack(target):
    room = (ctypes.c_long * 64)()
    return ctypes.CDLL(None).sysinfo(room) == 0 and room[0] > 0
