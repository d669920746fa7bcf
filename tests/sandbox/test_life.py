"""Nothing outlives a run, and what dies is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from sandbox import Completed, Crashed, Job, Limits, Policy, Program, Sandbox, SandboxUnavailable, TimedOut
from sandbox.family import descendants
from sandbox.launcher import ForkServer
from tests.sandbox.processes import children, gone, until

ROOT = Path(__file__).resolve().parents[2]
TINY = Program(files={"plugin.py": b"def one():\n    return 1\ndef spin():\n    while True: pass\n"}, language="plain")


def open_tiny(sandbox, **limits):
    return sandbox.open(TINY, policy=Policy(), limits=Limits(**limits))


def belongings():
    """Everything a run could leave behind in this process or on this machine."""
    return (
        len(os.listdir("/proc/self/fd")),
        Path("/proc/self/mountinfo").read_text(encoding="utf-8"),
        sorted(os.listdir(tempfile.gettempdir())),
        threading.active_count(),
    )


def test_a_thousand_starts_and_stops_with_kills_in_between_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # other programs come and go in the common one
    with Sandbox() as sandbox:
        open_tiny(sandbox).close()
        (server,) = sandbox.servers()
        before, began = belongings(), time.monotonic()
        for number in range(1000):
            session = open_tiny(sandbox)
            if number % 10 == 3:
                assert isinstance(session.call("spin", wall_s=0.001), TimedOut)
            elif number % 10 == 5:
                os.kill(children(server.pid)[0], signal.SIGKILL)
            elif number % 10 == 7:
                assert session.call("one").value == 1
            session.close()
        assert time.monotonic() - began < 120
        assert until(lambda: not children(server.pid))
        after = belongings()
        assert (after[0], after[1], after[3]) == (before[0], before[1], before[3])
        assert set(after[2]) - set(before[2]) == set()
        assert sandbox.servers() == (server,)


def test_fork_servers_start_side_by_side_and_the_work_that_needs_one_takes_it():
    with Sandbox() as sandbox:
        sandbox.warm([("plain", 1), ("plain", 2), ("plain", None)])
        started = sandbox.servers()
        assert len(started) == 3 and all(server.alive and server.forks == 0 for server in started)
        sandbox.warm([("plain", 1)])
        session = open_tiny(sandbox)
        assert session.call("one").value == 1
        before = [server.forks for server in started]  # where nothing was cached yet, it looked at the machine, too
        session.close()
        open_tiny(sandbox).close()
        assert sandbox.servers() == started and before[:2] == [0, 0]
        assert [server.forks for server in started] == [0, 0, before[2] + 1]


def test_what_was_started_for_nothing_ends_at_once():
    sandbox = Sandbox()
    sandbox.warm([("tests", 1), ("tests", 2)])
    servers = sandbox.servers()
    sandbox.close()
    assert all(gone(server.pid) for server in servers)
    sandbox.warm([("tests", 1)])
    assert not sandbox.servers()


def test_a_close_wakes_who_waits_for_a_fork_server():
    with Sandbox() as sandbox:
        sandbox.warm([("plain", None)])
        (server,) = sandbox.servers()
        os.kill(server.pid, signal.SIGSTOP)  # it will never be ready
        problems = []

        def need():
            try:
                open_tiny(sandbox)
            except SandboxUnavailable as problem:
                problems.append(problem)

        waiting = threading.Thread(target=need)
        waiting.start()
        assert until(server._lock.locked)
        sandbox.close()
        waiting.join(10)
        assert len(problems) == 1 and not waiting.is_alive()


def test_an_interrupt_that_takes_the_word_of_a_fork_server_away_costs_only_that_server(monkeypatch):
    heard = ForkServer._first_word

    def interrupted(server):
        heard(server)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(ForkServer, "_first_word", interrupted)
    with Sandbox() as sandbox:
        with pytest.raises(KeyboardInterrupt):
            open_tiny(sandbox)
        with open_tiny(sandbox) as session:
            assert session.call("one").value == 1


def test_closing_the_sandbox_ends_everything():
    sandbox = Sandbox()
    session = open_tiny(sandbox)
    (server,) = sandbox.servers()
    worker = children(server.pid)[0]
    sandbox.close()
    assert gone(worker) and gone(server.pid)
    session.close()


def test_the_death_of_the_fork_server_is_not_seen_between_calls():
    with Sandbox() as sandbox, open_tiny(sandbox) as session:
        (server,) = sandbox.servers()
        worker = children(server.pid)[0]
        os.kill(server.pid, signal.SIGKILL)
        assert until(lambda: gone(worker))
        assert session.call("one").value == 1
        assert sandbox.servers() != (server,)


def test_the_death_of_an_unused_worker_is_not_seen():
    with Sandbox() as sandbox, open_tiny(sandbox) as session:
        (server,) = sandbox.servers()
        for used in (0, 1):
            (worker,) = children(server.pid)
            os.kill(worker, signal.SIGKILL)
            assert until(lambda worker=worker: gone(worker))
            assert session.call("one").value == 1
            activity = session.activity()
            assert (activity.requests, activity.errors, activity.workers) == (used + 1, 0, 1)


def test_what_a_worker_was_asked_is_not_asked_of_another():
    with Sandbox() as sandbox:
        program = Program(files={"plugin.py": b"import os\ndef leave():\n    os._exit(3)\n"}, language="plain")
        with sandbox.open(program, policy=Policy(), limits=Limits()) as session:
            (server,) = sandbox.servers()
            for number in range(1, 3):
                forks = server.forks
                assert session.call("leave").exit_code == 3
                assert server.forks == forks + (number > 1)  # the one in place of the last


def test_the_death_of_the_fork_server_is_not_seen_within_a_call():
    with Sandbox() as sandbox:
        # Slow on purpose: the server dies within the call.
        source = b"def run():\n    import time\n    time.sleep(0.3)\n    return 1\n"
        program = Program(files={"plugin.py": source}, language="plain")
        with sandbox.open(program, policy=Policy(), limits=Limits()) as session:
            (server,) = sandbox.servers()
            outcomes = []
            caller = threading.Thread(target=lambda: outcomes.append(session.call("run")))
            caller.start()
            assert until(lambda: session.activity().running)
            os.kill(server.pid, signal.SIGKILL)
            caller.join()
            assert [outcome.value for outcome in outcomes] == [1]


def test_a_worn_fork_server_is_replaced_and_its_workers_live_on():
    with Sandbox() as sandbox, open_tiny(sandbox) as first:
        (server,) = sandbox.servers()
        server.forks = 1_000_000
        with open_tiny(sandbox) as second:
            assert sandbox.servers() != (server,)
            assert first.call("one").value == second.call("one").value == 1
        first.close()
        assert until(lambda: not server.alive)


def test_nothing_survives_when_the_host_is_killed():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from sandbox import *\n"
        "s = Sandbox()\n"
        "program = Program(files={'plugin.py': b'def spin():\\n    while True: pass\\n'}, language='plain')\n"
        "session = s.open(program, policy=Policy(), limits=Limits())\n"
        "print(s.servers()[0].pid, flush=True)\n"
        "session.call('spin')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(ROOT)], stdout=subprocess.PIPE, text=True) as host:
        server = int(host.stdout.readline())
        assert until(lambda: children(server))
        (worker,) = children(server)
        host.kill()
    assert until(lambda: gone(server) and gone(worker))


def test_an_interrupted_call_leaves_no_worker_behind():
    with Sandbox() as sandbox, open_tiny(sandbox) as session:
        (server,) = sandbox.servers()
        timer = threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            session.call("spin")
        timer.join()
        assert until(lambda: not children(server.pid))
        assert session.call("one").value == 1


def test_idle_workers_stand_still():
    with Sandbox() as sandbox, open_tiny(sandbox) as session:
        session.call("one")
        (server,) = sandbox.servers()
        (worker,) = children(server.pid)
        stat = Path(f"/proc/{worker}/stat")
        assert until(lambda: stat.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "T")
        assert session.call("one").value == 1


FORKS = b"""
import os, threading
def leave_some():
    def fork():
        for _ in range(2):
            if os.fork() == 0:
                if os.fork() == 0:
                    pass
                while True:
                    pass
    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
    return os.getpid()
def one():
    return 1
"""


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]


def test_children_that_an_idle_worker_left_running_stand_still_too():
    program = Program(files={"plugin.py": FORKS}, language="plain")
    with Sandbox() as sandbox, sandbox.open(program, policy=Policy(), limits=Limits(processes=12)) as session:
        assert session.call("leave_some").value == 1
        (server,) = sandbox.servers()
        (worker,) = children(server.pid)
        assert until(lambda: len(descendants(worker)) == 4)
        assert until(lambda: all(state(pid) == "T" for pid in (worker, *descendants(worker))))
        assert session.call("one").value == 1
        assert len(descendants(worker)) == 4


def test_a_job_runs_our_function_and_streams_its_notes():
    with Sandbox(preload={"plain": ("tests.sandbox.jobs",)}) as sandbox:
        notes = []
        job = Job(function="tests.sandbox.jobs:count_files", argument={"n": 3}, files={"a/b.txt": b"1", "c": b""})
        outcome = sandbox.run(job, limits=Limits(), on_note=notes.append)
        assert isinstance(outcome, Completed) and outcome.value == ["a/b.txt", "c"]
        assert notes == [0, (1,), {2}]
        assert isinstance(sandbox.run(Job(function="tests.sandbox.jobs:crash"), limits=Limits()), Crashed)


def test_a_job_may_fork_when_its_limits_say_so():
    with Sandbox(preload={"plain": ("tests.sandbox.jobs",)}) as sandbox:
        job = Job(function="tests.sandbox.jobs:fork")
        assert sandbox.run(job, limits=Limits(processes=3)).value == 7
        assert not isinstance(sandbox.run(job, limits=Limits()), Completed)


def test_a_job_that_forks_beside_a_thread_finds_the_locks_of_its_child_renewed():
    with Sandbox(preload={"plain": ("tests.sandbox.jobs",)}) as sandbox:
        job = Job(function="tests.sandbox.jobs:fork_with_a_thread")
        assert sandbox.run(job, limits=Limits(processes=5, wall_s=20)).value is True
