"""Open a netlink socket."""

from __future__ import annotations

import socket

ORIGIN = "Netlink reaches the kernel's network code (CVE-2024-1086)."
SEEN = "claimed"


def attack(target):
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
    return True
