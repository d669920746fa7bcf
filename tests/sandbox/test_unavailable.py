"""Machines that lack something, played by a system call filter on a whole process: the kernel really says no."""

from __future__ import annotations

import json
import os
import resource
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Limits, Policy, Program, Sandbox, SandboxUnavailable
from sandbox.layers import CURES
from sandbox.syscalls import machine

ADD = Program(files={"plugin.py": b"def add(a, b):\n    return a + b\n"}, language="plain")
ROOT = Path(__file__).resolve().parents[2]
LANDLOCK, MOUNT_SETATTR, CLONE3 = 444, 442, 435
CLONE, VFORK = 56, 58

CODE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from sandbox import syscalls
from sandbox import Sandbox, SandboxUnavailable, Program, Policy, Limits
syscalls.set_no_new_privileges()
syscalls.load_seccomp(bytes.fromhex(sys.argv[2]))
with Sandbox(allow_missing_landlock=sys.argv[3] == "yes") as sandbox:
    try:
        program = Program(files={"plugin.py": b"def one():\\n    return 1\\n"}, language="plain")
        with sandbox.open(program, policy=Policy(), limits=Limits()) as session:
            print(json.dumps(["value", session.call("one").value, dict(sandbox.probe().levels["process"].layers)]))
    except SandboxUnavailable as problem:
        print(json.dumps(["unavailable", problem.layer, problem.errno_name, problem.cure]))
"""


def without(errno, *numbers):
    """A filter that lets everything pass but these calls."""
    lines = [(0x20, 0, 0, 0)]
    for number in numbers:
        lines += [(0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno)]
    lines.append((0x06, 0, 0, 0x7FFF0000))
    return b"".join(struct.pack("=HBBI", *line) for line in lines).hex()


def without_flag(number, flag, errno):
    """A filter that lets everything pass but one call with this flag as its first argument."""
    lines = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16), (0x45, 0, 1, flag)]
    lines += [(0x06, 0, 0, 0x50000 | errno), (0x06, 0, 0, 0x7FFF0000)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines).hex()


def on_a_machine_without(number, errno, *, allow="no"):
    return on_a_machine_with(without(errno, number), allow=allow)


def on_a_machine_with(filter_, *, allow="no"):
    ran = subprocess.run(
        [sys.executable, "-c", CODE, str(ROOT), filter_, allow],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("errno", [38, 95])
def test_without_landlock_the_level_is_unavailable_and_says_what_to_do(errno):
    kind, layer, _, cure = on_a_machine_without(LANDLOCK, errno)
    assert (kind, layer) == ("unavailable", "landlock") and "allow_missing_landlock" in cure


def test_without_landlock_the_person_may_accept_the_rest():
    kind, value, layers = on_a_machine_without(LANDLOCK, 38, allow="yes")
    assert (kind, value) == ("value", 1) and "landlock" not in layers and "seccomp" in layers


@pytest.mark.skipif(machine() != "x86_64", reason="the numbers of old calls are those of x86_64")
@pytest.mark.parametrize(
    ("number", "errno", "layer", "name"),
    [
        (CLONE3, 1, "namespaces", "EPERM"),
        (CLONE3, 28, "namespaces", "ENOSPC"),
        (MOUNT_SETATTR, 38, "mounts", "ENOSYS"),
        (155, 1, "mounts", "EPERM"),
        (126, 1, "capabilities", "EPERM"),
    ],
)
def test_what_else_is_missing_is_named_with_the_kernels_answer(number, errno, layer, name):
    kind, found, errno_name, cure = on_a_machine_without(number, errno)
    assert (kind, found, errno_name) == ("unavailable", layer, name) and cure


@pytest.mark.skipif(machine() != "x86_64", reason="the numbers of old calls are those of x86_64")
@pytest.mark.parametrize(("errno", "layer", "name"), [(11, "processes", "EAGAIN"), (12, "memory", "ENOMEM")])
def test_what_the_machine_has_no_more_of_is_named(errno, layer, name):
    filter_ = without(errno, CLONE, VFORK)
    kind, found, errno_name, cure = on_a_machine_with(filter_)
    assert (kind, found, errno_name) == ("unavailable", layer, name) and cure.startswith(CURES[layer])


@pytest.mark.skipif(machine() != "x86_64", reason="the number of unshare is that of x86_64")
def test_no_worker_starts_where_it_would_share_a_network():
    kind, found, errno_name, cure = on_a_machine_with(without_flag(272, 0x40000000, 1))
    assert (kind, found, errno_name) == ("unavailable", "namespaces", "EPERM") and cure


def test_fork_servers_that_end_whenever_they_are_asked_for_a_worker_are_said_to():
    with Sandbox(preload={"plain": ("tests.sandbox.no_workers",)}) as sandbox:
        with pytest.raises(SandboxUnavailable) as caught:
            sandbox.open(ADD, policy=Policy(), limits=Limits())
        assert caught.value.layer == "fork server"
        assert "ended while it started a worker" in str(caught.value)


@pytest.mark.parametrize("room", range(1, 13))
def test_a_host_that_has_no_descriptors_left_says_so_and_goes_on_with_those_it_has(room):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Sandbox() as sandbox:
        with sandbox.open(ADD, policy=Policy(), limits=Limits()) as first:
            free = os.dup(0)
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + room, hard))
            try:
                problem = None
                with sandbox.open(ADD, policy=Policy(), limits=Limits()):
                    pass
            except SandboxUnavailable as error:
                problem = error
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert problem is None or (problem.layer, problem.errno_name) == ("descriptors", "EMFILE")
            assert room > 8 or problem is not None
            assert first.call("add", (1, 2)).value == 3
        with sandbox.open(ADD, policy=Policy(), limits=Limits()) as second:
            assert second.call("add", (1, 2)).value == 3
