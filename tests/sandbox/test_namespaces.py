"""No worker shares a namespace: with the host, with its fork server, or with the worker before it."""

from __future__ import annotations

import os

import pytest

from sandbox import Limits, Policy, Program, Sandbox
from sandbox.family import descendants

KINDS = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
PROGRAM = Program(
    files={"plugin.py": b"import os\n\n\ndef name():\n    return os.uname().nodename\n"}, language="plain"
)


def open_program(sandbox):
    return sandbox.open(PROGRAM, policy=Policy(), limits=Limits())


@pytest.fixture(scope="module")
def family():
    """Where the host, a fork server and two of its workers are, these one after the other."""
    with Sandbox() as sandbox, open_program(sandbox) as first:
        (server,) = sandbox.servers()
        (earlier,) = descendants(server.pid)
        with open_program(sandbox) as second:
            (later,) = descendants(server.pid) - {earlier}
            assert first.call("name").value == second.call("name").value == "sandbox"
            pids = {"host": os.getpid(), "server": server.pid, "earlier": earlier, "later": later}
            yield {name: {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS} for name, pid in pids.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_worker_is_alone_in_each_of_its_namespaces(family, kind):
    where = {name: its[kind] for name, its in family.items()}
    assert where["later"] not in (where["host"], where["server"], where["earlier"])
    assert where["earlier"] not in (where["host"], where["server"])
