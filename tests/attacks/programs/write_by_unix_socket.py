"""Bind a socket to a path of the host."""

from __future__ import annotations

import socket

ORIGIN = "bind() makes a file."
SEEN = "written"


def attack(target):
    socket.socket(socket.AF_UNIX).bind(target["folder"] + "/mine")
