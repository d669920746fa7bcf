"""Connect to an abstract socket of the host."""

from __future__ import annotations

import socket

ORIGIN = "containerd, CVE-2020-15257: abstract sockets ignore mounts."
SEEN = "connected"


def attack(target):
    socket.socket(socket.AF_UNIX).connect("\0" + target["abstract"])
