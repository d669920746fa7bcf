from __future__ import annotations

import os
import signal

import pytest

from sandbox import syscalls
from sandbox.forkserver import make_way


@pytest.fixture
def busy_child():
    """A process that does nothing but use a core, and ends with the test."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        while True:
            pass
    yield pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def core_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as line:
        return int(line.read().rsplit(")", 1)[1].split()[36])


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core")
def test_a_new_process_is_sent_to_another_core_and_may_come_back(busy_child):
    allowed, here = os.sched_getaffinity(0), syscalls.current_core()
    os.sched_setaffinity(0, {here})
    os.sched_setaffinity(busy_child, {here})
    os.sched_setaffinity(0, allowed)
    assert core_of(busy_child) == here
    for _ in range(100):  # we may have been moved to the other core between two steps
        make_way(busy_child)
        if core_of(busy_child) != here:
            break
        os.sched_setaffinity(0, {here})
        os.sched_setaffinity(0, allowed)
    assert core_of(busy_child) != here and os.sched_getaffinity(busy_child) == allowed


def test_a_process_that_is_gone_or_has_one_core_is_left_alone():
    allowed = os.sched_getaffinity(0)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    make_way(pid)
    os.sched_setaffinity(0, {syscalls.current_core()})
    try:
        make_way(os.getpid())
        assert len(os.sched_getaffinity(0)) == 1
    finally:
        os.sched_setaffinity(0, allowed)
