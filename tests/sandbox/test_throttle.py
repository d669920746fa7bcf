from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.family import Family
from sandbox.throttle import BURST_S, Throttle


class Worker:
    """A process that always wants to run, on a clock of its own; its brake works at once."""

    def __init__(self):
        self.now = self.cpu_s = 0.0
        self.stands = False

    def stop(self):
        self.stands = True

    def resume(self):
        self.stands = False

    def run_until(self, then):
        if not self.stands:
            self.cpu_s += then - self.now
        self.now = then


@pytest.mark.parametrize("percent", [1, 10, 20, 50, 90])
def test_running_and_standing_still_in_turn_keep_the_share(percent):
    worker = Worker()
    throttle = Throttle(percent, 0.0, 0.0, worker)
    while worker.now < 20:
        worker.run_until(throttle.step(worker.cpu_s, worker.now))
    allowed = BURST_S + percent / 100 * worker.now
    assert allowed - 0.3 < worker.cpu_s < allowed + 0.1


def test_a_call_that_ends_while_it_stands_still_lets_the_worker_go_on():
    worker = Worker()
    throttle = Throttle(10, 0.0, 0.0, worker)
    throttle.step(5.0, 1.0)
    assert worker.stands and throttle.paused
    throttle.release()
    assert not worker.stands and not throttle.paused


def test_the_brake_that_works_everywhere_stops_a_process_and_lets_it_go_on():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as process:
        pidfd = os.pidfd_open(process.pid)
        family = Family(process.pid, pidfd, most=4)
        family.stop()
        os.waitid(os.P_PIDFD, pidfd, os.WSTOPPED)
        assert Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "T"
        family.resume()
        process.communicate("\n")
        assert process.returncode == 0
        os.close(pidfd)
