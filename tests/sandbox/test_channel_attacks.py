"""The worker is hostile and owns its end of the channel: it can lie about its own answer, and about nothing else."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import threading
import time
from pathlib import Path
from pydoc_data import topics

import pytest

from sandbox import (
    Completed,
    Corrupted,
    Crashed,
    Denied,
    LimitExceeded,
    Limits,
    Policy,
    Program,
    Raised,
    Sandbox,
    TimedOut,
    protocol,
    values,
)
from sandbox.outside.base import Given
from tests.sandbox.hostile import evict

_ASKED = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)  # who has a lock that would be in the way of this one
HOSTILE = Path(__file__).with_name("hostile.py").read_bytes()


@pytest.fixture
def hostile(opened):
    return opened(HOSTILE, wall_s=2.0)


def test_a_forged_answer_is_only_the_programs_own_and_its_worker_is_stopped():
    with Sandbox() as sandbox:
        program = Program(files={"plugin.py": HOSTILE}, language="plain")
        with sandbox.open(program, policy=Policy(), limits=Limits()) as session:
            assert session.call("answer_early_and_spin").value == "forged"
            (server,) = sandbox.servers()
            (worker,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
            deadline = time.monotonic() + 10
            while state(worker) != "T" and time.monotonic() < deadline:
                os.sched_yield()
            assert state(worker) == "T"
            assert isinstance(session.call("fine", wall_s=0.2), TimedOut)
            assert session.call("fine").value == 1


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]


def test_an_answer_too_many_ends_the_worker_at_the_next_call(hostile):
    assert hostile.call("answer_twice").value == 1
    assert isinstance(hostile.call("fine"), Corrupted)
    assert hostile.call("fine").value == 1


_RAISED = {"type": "x", "message": "", "frames": [], "bases": []}


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("answer_for_another", ()),
        ("note_unasked", ()),
        ("answer_nonsense", (b"",)),
        ("answer_nonsense", (b"[]",)),
        ("answer_nonsense", (b"{" * 5000,)),
        ("answer_nonsense", (b"\xff\xfe",)),
        ("flood_half_a_frame", ()),
        ("patch_everything", ()),
        ("write_to_every_descriptor", ()),
        ("claim", ({"kind": "won", "body": 1},)),
        ("claim", ({"kind": ["completed"], "body": 1},)),
        ("claim", ({"kind": "completed"},)),
        ("claim", ({"kind": "completed", "value": 1},)),
        ("claim", ({"kind": "completed", "body": {"$set": [[]]}},)),
        ("claim", ({"kind": "completed", "body": 1, "usage": 0},)),
        ("claim", ({"kind": "limit", "body": {"limit": "wall_s", "message": ""}},)),
        ("claim", ({"kind": "limit", "body": {"limit": "memory_mb"}},)),
        ("claim", ({"kind": "limit", "body": "memory_mb"},)),
        ("claim", ({"kind": "raised", "body": {"type": 1, "message": "", "frames": [], "bases": []}},)),
        ("claim", ({"kind": "raised", "body": {"type": "x" * 9000, "message": "", "frames": [], "bases": []}},)),
        ("claim", ({"kind": "raised", "body": {**_RAISED, "usage": 0}},)),
        ("claim", ({"kind": "raised", "body": {**_RAISED, "bases": "ValueError"}},)),
        ("claim", ({"kind": "raised", "body": {**_RAISED, "bases": [1]}},)),
        ("claim", ({"kind": "raised", "body": {**_RAISED, "bases": ["x" * 9000]}},)),
        ("claim", ({"kind": "raised", "body": {**_RAISED, "bases": ["x"] * 21}},)),
        ("claim", ({"kind": "raised", "body": {"type": "x", "message": "", "frames": []}},)),
        ("claim", ({"kind": "refused", "body": [{"rule": "x"}]},)),
        ("claim", ({"kind": "refused", "body": {}},)),
        ("claim", ({"kind": "unreachable", "body": 1},)),
        ("claim", ({"kind": "ask", "body": {"op": "clock.now"}},)),
        ("claim", ({"kind": "ask", "body": {"op": 1, "argument": 1}},)),
        ("claim", ({"kind": "ask", "body": {"op": "clock.now", "argument": {"$set": [[]]}}},)),
    ],
)
def test_a_broken_protocol_ends_the_worker(hostile, function, arguments):
    outcome = hostile.call(function, arguments)
    assert isinstance(outcome, (Corrupted, LimitExceeded))
    assert hostile.call("fine").value == 1


def test_a_length_over_the_limit_ends_the_worker(hostile):
    assert isinstance(hostile.call("announce", (1 << 31,)), LimitExceeded)


def test_a_frame_that_never_ends_times_out(hostile):
    assert isinstance(hostile.call("announce", (1000,), wall_s=0.3), TimedOut)


def test_asks_without_end_time_out_and_fill_nothing_up(hostile):
    outcome = hostile.call("flood_asks", wall_s=0.5)
    assert isinstance(outcome, (TimedOut, Corrupted, Denied))


def test_a_worker_that_closes_its_channel_has_crashed(hostile):
    assert isinstance(hostile.call("close_every_descriptor"), (Crashed, Raised))
    assert hostile.call("fine").value == 1


@pytest.mark.parametrize("function", ["pass_descriptors", "send_urgent", "ask_for_the_peer"])
def test_nothing_but_frames_can_be_had_of_the_channel(hostile, function):
    outcome = hostile.call(function)
    assert isinstance(outcome, Raised) and outcome.kind == "PermissionError"


@pytest.mark.parametrize("tag", ["$set", "$frozenset", "$dict"])
def test_items_that_all_have_one_hash_keep_the_host_from_nothing(hostile, tag):
    began = time.thread_time()
    outcome = hostile.call("give_equal_hashes", (tag, 30_000))
    assert isinstance(outcome, Corrupted) and "same hash" in outcome.reason
    assert time.thread_time() - began < 1.0


@pytest.mark.parametrize("kind", ["completed", "ask"])
def test_sets_of_alike_sets_keep_the_host_from_nothing(hostile, kind):
    began = time.thread_time()
    outcome = hostile.call("give_alike_sets", (kind, 24, 3))
    assert isinstance(outcome, Corrupted) and "comparisons" in outcome.reason
    assert time.thread_time() - began < 1.0


def test_an_answer_that_took_what_was_left_of_the_time_is_too_late(opened):
    body = json.dumps({"body": [{"$set": [1]}] * 100_000}).encode()
    parsing_s = min(seconds(lambda: protocol.parse(body)) for _ in range(3))
    decoding_s = min(seconds(lambda: values.decode(protocol.parse(body)["body"])) for _ in range(3)) - parsing_s
    session = opened(HOSTILE, output_kb=8192)
    assert session.call("prepare_answer", (100_000,)).value is None
    assert isinstance(session.call("give_prepared", wall_s=parsing_s + decoding_s * 0.35), TimedOut)


def seconds(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


@pytest.mark.parametrize("op", [r"\ud800", r"\u2028", "x" * 10_000])
def test_an_operation_has_a_short_and_plain_name(hostile, op):
    assert isinstance(hostile.call("ask_as", (op,)), Corrupted)


def test_the_name_of_no_operation_stands_in_a_denial(hostile):
    refused = hostile.call("ask_as", (r"Forged: all is well\x1b[2J",))
    assert isinstance(refused, Denied) and "Forged" not in f"{refused.capability}{refused.message}"
    assert hostile.call("ask_as", ("clock.now",)).capability == "clock"


class Ready:
    """An outside that has an answer at once, or once it may."""

    def __init__(self, may=None):
        self._may = may

    def answer(self, ask):
        if self._may is not None:
            self._may.wait(30)
        return Given(value=1.0)

    def close(self):
        pass


def test_answers_that_nobody_takes_do_not_keep_the_host_from_looking(opened):
    session = opened(HOSTILE, outside=Ready(), cpu_s=1, wall_s=20.0)
    outcome = session.call("ask_and_not_listen", (10.0,))
    assert isinstance(outcome, LimitExceeded) and outcome.limit == "cpu_s"
    assert outcome.usage.cpu_s < 2


def test_a_slow_answer_does_not_keep_the_host_from_looking(opened):
    may = threading.Event()
    session = opened(HOSTILE, outside=Ready(may), cpu_s=1, wall_s=20.0, processes=2, memory_mb=400)
    outcome = session.call("work_while_asking")
    may.set()
    assert isinstance(outcome, LimitExceeded) and outcome.limit == "cpu_s"


def test_a_lock_on_a_file_of_the_library_is_one_for_the_worker_alone(opened):
    session = opened(HOSTILE)
    assert session.call("lock_library").value is True
    seen = []

    def lock():
        with open(os.__file__, "rb") as library:
            seen.append(struct.unpack("hhqqi", fcntl.fcntl(library, fcntl.F_GETLK, _ASKED.ljust(32, b"\0"))[:28])[0])

    caller = threading.Thread(target=lambda: session.call("lock_library"))
    caller.start()
    while caller.is_alive():
        lock()
    assert set(seen) == {fcntl.F_UNLCK}


def test_no_file_of_the_library_is_put_out_of_memory(opened):
    path = os.path.realpath(topics.__file__)
    assert in_memory(path)
    assert isinstance(opened(HOSTILE).call("evict", (path,)), Completed)
    assert in_memory(path, read=False)
    evict(path)
    assert not in_memory(path, read=False)  # as it would be, had the worker been heard


def in_memory(path, *, read=True):
    with open(path, "rb") as library:
        if read:
            library.read()
        try:
            return os.preadv(library.fileno(), [bytearray(100)], 0, os.RWF_NOWAIT) == 100
        except BlockingIOError:
            return False
