"""What a start and a call of the sandbox are measured against: a fork and an echo without any sandbox."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

# A fork server without the sandbox: the same imports, then forks that only end. One line in, one time out. Its forks
# run what Python runs around every fork, unless it is told to leave out what the real one does not need either.
SERVER = """
import gc, os, sys, time
sys.path[:0] = sys.argv[1].split(os.pathsep)
from sandbox import forkhooks
if sys.argv[3] == "lean":
    forkhooks.defer()
from sandbox import namespaces, syscalls
from sandbox.preload import preload
preload(sys.argv[2].split())
namespaces.become_nobody()
gc.collect(); gc.freeze(); gc.disable()
for line in sys.stdin:
    began = time.perf_counter()
    if line == "fork\\n":
        pid, pidfd = os.fork(), -1
    else:
        pid, pidfd = syscalls.clone(namespaces.WORKER_FLAGS)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    print(time.perf_counter() - began, flush=True)
    if pidfd >= 0:
        os.close(pidfd)
"""
# The other end of an echo: what comes goes back; with JSON, the frame is read and a frame of an answer is made.
ECHO = """
import json, socket, struct, sys
connection = socket.socket(fileno=int(sys.argv[1]))
while data := connection.recv(4096):
    if sys.argv[2] == "json":
        request = json.loads(data[4:])
        reply = {"id": request["id"], "kind": "completed", "body": sum(request["body"][1])}
        body = json.dumps(reply).encode()
        data = struct.pack(">I", len(body)) + body
    connection.send(data)
"""


@contextmanager
def bare_server(modules: Iterable[str], hooks: str = "all") -> Iterator[Callable[[str], float]]:
    """Start a fork server without any sandbox; gives a function that has it fork and returns the time in seconds."""
    words = [sys.executable, "-c", SERVER, os.pathsep.join(sys.path), " ".join(modules), hooks]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as server:
        asks, answers = server.stdin, server.stdout
        assert asks is not None
        assert answers is not None

        def fork(how: str) -> float:
            asks.write(f"{how}\n")
            return float(answers.readline())

        yield fork
        asks.close()


@contextmanager
def echo(reply: str, *, apart: bool = True) -> Iterator[socket.socket]:
    """Start a Python process at the other end of a socket pair that answers what comes; gives this end.

    `apart` puts it into a session of its own, as every worker is: the kernel schedules sessions apart, and going from
    one to the other takes it most of a microsecond.
    """
    ours, theirs = socket.socketpair()
    words = [sys.executable, "-I", "-S", "-c", ECHO, str(theirs.fileno()), reply]
    with subprocess.Popen(words, pass_fds=[theirs.fileno()], start_new_session=apart):
        theirs.close()
        with ours:
            yield ours
