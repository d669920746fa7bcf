"""Connect by an IPv6 spelling of the address."""

from __future__ import annotations

import socket

ORIGIN = "IPv4-mapped addresses pass IPv4 filters."
SEEN = "connected"


def attack(target):
    connection = socket.socket(socket.AF_INET6)
    connection.connect(("::ffff:127.0.0.1", target["port"]))
