"""Children of a worker, which say what they have to say in a file, and whose end is all that is waited for."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from selfmod.gate.harness import forks
from selfmod.gate.harness.forks import pool

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # children do little, and end


def test_all_that_children_said_is_there_when_they_have_ended():
    def body(work, say):
        for item in work:
            say({"item": item, "long": "x" * 100_000})

    batches = [[number, number + 100] for number in range(6)]
    ended = list(pool(batches, body, 2))
    assert sorted(tuple(line["item"] for line in child.lines) for child in ended) == [(n, n + 100) for n in range(6)]
    assert all(line["long"] == "x" * 100_000 and not child.died for child in ended for line in child.lines)


def test_one_that_dies_has_said_the_whole_lines_that_it_wrote():
    def body(work, say):
        say({"whole": True})
        if work == ["dies"]:
            os.kill(os.getpid(), signal.SIGKILL)

    said = {child.work[0]: (child.died, child.lines) for child in pool([["dies"], ["lives"]], body, 2)}
    assert said == {"dies": (True, [{"whole": True}]), "lives": (False, [{"whole": True}])}


def test_half_a_line_was_not_said(monkeypatch):
    def write_half(file, line):
        os.write(file, b'{"whole": true}\n{"who')
        os._exit(0)

    monkeypatch.setattr(forks, "_write", write_half)
    (child,) = pool([[1]], lambda _work, say: say({}), 1)
    assert child.lines == [{"whole": True}]


def test_batches_that_come_meanwhile_are_worked_through_too():
    batches, seen = [[1]], []
    for child in pool(batches, lambda work, say: say({"item": work[0]}), 1):
        seen.append(child.lines[0]["item"])
        if len(seen) < 3:
            batches.append([seen[-1] + 1])
    assert seen == [1, 2, 3]


def test_without_patience_one_that_only_waits_is_ended_and_one_that_works_is_not():
    def body(work, say):
        if work == ["waits"]:
            signal.pause()
        until = os.times().user + 1.3
        while os.times().user < until:
            pass
        say({"worked": True})

    said = {child.work[0]: (child.died, child.lines) for child in pool([["waits"], ["works"]], body, 2, patient=False)}
    assert said == {"waits": (True, []), "works": (False, [{"worked": True}])}


def test_who_speaks_now_and_then_does_not_only_wait():
    def body(work, say):
        for number in range(4):
            say({"number": number})
            signal.sigtimedwait([], 0.4)

    (child,) = pool([[1]], body, 1, patient=False)
    assert not child.died and len(child.lines) == 4


def test_signals_are_for_children_and_afterwards_as_they_were():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    blocked = [str(signal.pthread_sigmask(signal.SIG_BLOCK, ()))]
    (child,) = pool([[1]], lambda _work, say: say({"mask": str(signal.pthread_sigmask(signal.SIG_BLOCK, ()))}), 1)
    assert [child.lines[0]["mask"]] == blocked
    for _ in pool([[1], [2]], lambda _work, _say: None, 1):
        break
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_an_end_is_seen_although_another_thread_takes_the_signal():
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    try:
        begun = time.monotonic()
        ended = list(pool([[number] for number in range(8)], lambda _work, say: say({}), 2))
        assert len(ended) == 8 and time.monotonic() - begun < 5
    finally:
        over.set()
        other.join()


def test_nothing_stays_open():
    count = len(os.listdir("/proc/self/fd"))
    for _ in pool([[number] for number in range(8)], lambda _work, _say: None, 4):
        pass
    assert len(os.listdir("/proc/self/fd")) == count
