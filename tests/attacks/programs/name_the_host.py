"""Change the host name."""

from __future__ import annotations

import ctypes

ORIGIN = "UTS namespaces are often forgotten."
SEEN = "claimed"
CONTROL = "namespace"


def attack(target):
    return ctypes.CDLL(None).sethostname(b"attacked", 8) == 0
