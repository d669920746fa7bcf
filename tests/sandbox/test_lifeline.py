"""A process on a lifeline ends with who holds it, whatever it does about signals; without one it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.lifeline import Lifeline, parent_of
from tests.sandbox.processes import gone, until

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = (
    "import signal, sys\n"
    "for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(number, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "while True: pass\n"
)
HOST = f"""
import subprocess, sys
sys.path.insert(0, sys.argv[1])
from sandbox.lifeline import Lifeline
line = Lifeline()
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], stdout=subprocess.PIPE, pass_fds=[line.reader])
child.stdout.readline()
if sys.argv[2] == "fastened":
    line.fasten(child.pid)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def kill_the_host_of():
    started = []

    def run(how):
        words = [sys.executable, "-c", HOST, str(ROOT), how]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
            started.append(int(host.stdout.readline()))
            assert not gone(started[-1])
            host.kill()
        return started[-1]

    yield run
    for pid in started:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)


def test_the_kernel_ends_it_when_the_host_is_killed(kill_the_host_of):
    pid = kill_the_host_of("fastened")
    assert until(lambda: gone(pid))


def test_without_it_the_process_goes_on(kill_the_host_of):
    pid = kill_the_host_of("loose")
    assert not until(lambda: gone(pid), seconds=0.5)


def test_cutting_it_ends_the_process_and_keeps_no_descriptor():
    line = Lifeline()
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, pass_fds=[line.reader]) as child:
        child.stdout.readline()
        assert parent_of(child.pid) == os.getpid()
        line.fasten(child.pid)
        assert child.poll() is None
        line.cut()
        assert child.wait(10) == -signal.SIGKILL
    line.cut()


def test_the_parent_of_nobody_is_an_error():
    with pytest.raises(FileNotFoundError):
        parent_of(1 << 30)
