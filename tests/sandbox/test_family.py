"""A worker's processes are found and stopped in bounded time, and never those of a stranger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from sandbox import family
from sandbox.family import Family
from tests.sandbox.processes import until


@pytest.fixture
def process():
    """A process that waits, and a descriptor of it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        pidfd = os.pidfd_open(started.pid)
        yield started.pid, pidfd
        os.close(pidfd)
        started.kill()


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]


def test_a_closed_family_stops_nobody_who_got_its_numbers(process):
    pid, pidfd = process
    closed = Family(pid, pidfd, most=2)
    closed.stop()
    assert until(lambda: state(pid) == "T")
    closed.close()
    closed.resume()
    assert state(pid) == "T"
    signal.pidfd_send_signal(pidfd, signal.SIGCONT)
    assert until(lambda: state(pid) == "S")
    closed.stop()
    assert state(pid) == "S"


def test_what_always_has_new_processes_that_are_gone_is_on_the_run(process, monkeypatch):
    numbers, looks = count(1 << 23), []  # no process has such a number

    def vanishing(_pid):
        looks.append(1)
        if len(looks) > 10_000:
            raise RecursionError("it never ends")
        return {next(numbers)}

    monkeypatch.setattr(family, "descendants", vanishing)
    watched = Family(*process, most=4)
    watched.stop()
    assert watched.runaway
