"""No worker shares a namespace: with the host, with its fork server, or with the worker before it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Limits, Policy, Program, Sandbox
from sandbox.family import descendants

ROOT = Path(__file__).resolve().parents[2]
# As many networks as the argument says, for this account and all that it starts.
FEW_NETWORKS = """
import os, sys
sys.path.insert(0, sys.argv[1])
from sandbox import Limits, SandboxUnavailable, namespaces, places
from sandbox.link import setup_frame
from sandbox.process import ProcessLevel
proc = os.open("/proc", os.O_PATH)
namespaces.own_users(proc)
with open("/proc/sys/user/max_net_namespaces", "w") as most:
    most.write(sys.argv[2])
level = ProcessLevel({})
try:
    level.start("plain", None, Limits(), setup_frame({}, places.PLUGIN, allow_missing_landlock=False)).close()
    print("opened")
except SandboxUnavailable as problem:
    print(problem.layer, problem.errno_name)
level.close()
"""

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


@pytest.mark.parametrize(("networks", "said"), [(50, "opened"), (1, "namespaces ENOSPC")])
def test_a_worker_that_would_share_with_the_fork_server_is_refused(networks, said):
    words = [sys.executable, "-c", FEW_NETWORKS, str(ROOT), str(networks)]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (ran.stdout.strip(), ran.stderr) == (said, "")
