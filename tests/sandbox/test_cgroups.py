from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sandbox import Completed, LimitExceeded, Limits, Policy, Program, Sandbox
from sandbox.cgroups import CpuGroup, MemoryGroup, available, find

needs_group = pytest.mark.skipif(not available(), reason="this account may not make a memory control group")
needs_quota = pytest.mark.skipif(not available("cpu"), reason="this account may not make a processor control group")
EAT = "import sys; sys.stdin.readline(); x = bytearray(int(sys.argv[1]) << 20); print(len(x))"
FAMILY = b"""
import mmap, os, signal

def eat(processes, megabytes):
    ready = mmap.mmap(-1, processes)
    for number in range(processes):
        if os.fork() == 0:
            kept = bytearray(megabytes << 20)
            ready[number] = 1
            signal.pause()
    while sum(ready[:]) < processes:
        os.sched_yield()
    return processes
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


SPIN = b"""
import os, time

def spin(processes, seconds):
    children = []
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                pass
            os._exit(0)
        children.append(child)
    return [os.waitpid(child, 0)[1] for child in children]
"""


@needs_quota
def test_processes_of_a_worker_share_one_quota():
    with Sandbox() as sandbox:
        program = Program(files={"plugin.py": SPIN}, language="plain")
        limits = Limits(processes=8, cpu_percent=20)
        with sandbox.open(program, policy=Policy(), limits=limits) as session:
            outcome = session.call("spin", (2, 2.5))
            assert isinstance(outcome, Completed) and outcome.value == [0, 0]
            # Two of them would use up to 5 s; a burst of 0.5 s, then a fifth of the time, with looks every 50 ms.
            assert outcome.usage.cpu_s < 0.5 + 0.2 * outcome.usage.wall_s + 0.5


@needs_quota
def test_a_quota_is_put_on_and_taken_off_and_its_group_goes():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as process:
        group = CpuGroup.create(process.pid, beside=None)
        folder = group._folder
        assert str(process.pid) in read(f"{folder}/cgroup.procs").split()
        if available("cpu") == "version 1":
            group.brake(20).stop()
            quota, period = (int(read(f"{folder}/cpu.cfs_{name}_us")) for name in ("quota", "period"))
            assert quota / period == 0.2
            group.resume()
            assert int(read(f"{folder}/cpu.cfs_quota_us")) == -1
        process.communicate("\n")
    group.close()
    assert not os.path.exists(folder)


def read(path):
    with open(path, encoding="ascii") as text:
        return text.read()


def test_the_quota_of_version_2_is_written_as_the_kernel_reads_it(tmp_path):
    group = CpuGroup(str(tmp_path), 2, own=False)
    group.brake(20).stop()
    assert read(tmp_path / "cpu.max") == "10000 50000"
    group.resume()
    assert read(tmp_path / "cpu.max") == "max 50000"
    group.close()
    assert tmp_path.is_dir()


def test_groups_are_found_as_each_version_lays_them_out(tmp_path):
    for name in ("cpu,cpuacct/a", "memory/b", "user.slice"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "cgroup.procs").write_text("")
    first = "5:memory:/b\n3:cpu,cpuacct:/a\n1:name=systemd:/c\n"
    assert find("cpu", first, str(tmp_path)) == (f"{tmp_path}/cpu,cpuacct/a", 1)
    assert find("memory", first, str(tmp_path)) == (f"{tmp_path}/memory/b", 1)
    assert find("pids", first, str(tmp_path)) is None
    assert find("cpu", "0::/user.slice\n", str(tmp_path)) is None  # nothing is delegated
    (tmp_path / "user.slice/cgroup.subtree_control").write_text("cpu memory")
    assert find("cpu", "0::/user.slice\n", str(tmp_path)) == (f"{tmp_path}/user.slice", 2)
    assert find("pids", "0::/user.slice\n", str(tmp_path)) is None
