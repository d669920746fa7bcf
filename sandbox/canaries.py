"""The attacks of the probe: this file is a program that runs inside a sandbox, never in Ratchet itself.

Each function tries one thing that must not work and says how it was refused: "" when it worked, else the name of the
errno or of the exception. Whether it worked is also seen from outside, where the target is.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable


def benign(first: int, second: int) -> int:
    """What any sandbox must allow: compute, and keep a file of one's own."""
    path = os.path.join(os.getcwd(), "benign")
    with open(path, "w", encoding="ascii") as stream:
        stream.write(str(first + second))
    with open(path, encoding="ascii") as stream:
        return int(stream.read())


def _tried(attack: Callable[[], object]) -> str:
    try:
        attack()
    except OSError as problem:
        return errno.errorcode.get(problem.errno or 0, type(problem).__name__)
    except (AttributeError, ImportError, LookupError) as problem:  # nothing of that name is there to attack
        return type(problem).__name__
    return ""


def read(path: str, secret: str) -> str:
    """Read a file of the host; an empty place of the same name is not it."""

    def attack() -> None:
        with open(path, encoding="ascii") as stream:
            if stream.read() != secret:
                raise LookupError

    return _tried(attack)


def write(path: str) -> str:
    """Make a file in a folder of the host."""

    def attack() -> None:
        with open(path, "w", encoding="ascii") as stream:
            stream.write("written")

    return _tried(attack)


def browse() -> str:
    """List the root: there is nothing in it, but a second layer refuses even that."""
    return _tried(lambda: os.listdir("/"))


def connect(port: int) -> str:
    """Connect to a listener of the host on its loopback address."""

    def attack() -> None:
        import socket

        with socket.create_connection(("127.0.0.1", port), timeout=2):
            pass

    return _tried(attack)


def fork() -> str:
    """Start a process."""

    def attack() -> None:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    return _tried(attack)


def signal(pid: int) -> str:
    """Kill a process of the host."""
    return _tried(lambda: os.kill(pid, 9))


def execute(path: str) -> str:
    """Become another program."""
    return _tried(lambda: os.execv(path, [path, "-c", ""]))  # noqa: S606 (it must not work)
