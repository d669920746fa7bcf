"""Start a thread."""

from __future__ import annotations

import threading

ORIGIN = "Threads outlive the call that started them."
SEEN = "claimed"


def attack(target):
    threading.Thread(target=int).start()
    return True
