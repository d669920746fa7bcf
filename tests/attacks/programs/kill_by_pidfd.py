"""Kill by a process descriptor."""

from __future__ import annotations

import os
import signal

ORIGIN = "A second way to signal."
SEEN = "killed"


def attack(target):
    signal.pidfd_send_signal(os.pidfd_open(target["pid"]), 9)
