from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sandbox import LimitExceeded, Limits, Policy, Program, Sandbox
from sandbox.cgroups import MemoryGroup, available

needs_group = pytest.mark.skipif(not available(), reason="this account may not make a memory control group")
EAT = "import sys; sys.stdin.readline(); x = bytearray(int(sys.argv[1]) << 20); print(len(x))"
FAMILY = b"""
import os

def eat(processes, megabytes):
    ready, tell = os.pipe()
    go, start = os.pipe()
    for _ in range(processes):
        if os.fork() == 0:
            kept = bytearray(megabytes << 20)
            os.write(tell, b"x")
            os.read(go, 1)
            os._exit(len(kept) == 0)
    return sum(len(os.read(ready, 1)) for _ in range(processes))
"""


def eat_in_group(limit, megabytes):
    with subprocess.Popen(
        [sys.executable, "-c", EAT, str(megabytes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        group = MemoryGroup.create(limit, process.pid)
        process.communicate("go\n")
        exhausted = group.exhausted()
    group.close()
    return process.returncode, exhausted, group


@needs_group
def test_a_group_ends_what_takes_too_much_and_says_so():
    assert eat_in_group(50, 40)[:2] == (0, False)
    code, exhausted, group = eat_in_group(50, 90)
    assert (code, exhausted) == (-9, True)
    assert not os.path.exists(group._folder)


@needs_group
def test_processes_of_a_worker_share_one_limit():
    with Sandbox() as sandbox:
        program = Program(files={"plugin.py": FAMILY}, language="plain")
        limits = Limits(processes=8, memory_mb=100)
        with sandbox.open(program, policy=Policy(), limits=limits) as session:
            assert session.call("eat", (2, 30)).value == 2
        with sandbox.open(program, policy=Policy(), limits=limits) as session:
            outcome = session.call("eat", (4, 60), wall_s=5)
            assert isinstance(outcome, LimitExceeded) and outcome.limit == "memory_mb"


def test_a_process_that_is_gone_is_no_error():
    assert MemoryGroup.create(10, 2**22 - 1) is None
