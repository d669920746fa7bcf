"""Read the environment block that the process was started with."""

from __future__ import annotations

ORIGIN = "Environment blocks survive clearenv() in /proc/self/environ."
SEEN = "secret"


def attack(target):
    with open("/proc/self/environ", "rb") as stream:
        return stream.read().decode()
