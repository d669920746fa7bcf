"""Each ceiling just under and just over: the outcome, that it comes promptly, and that the session goes on."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import pytest

from sandbox import Completed, LimitExceeded, Limits, TimedOut
from tests.busy import busy_cores

CASES = {
    "memory_mb": ("take_memory", (55,), (61,), {"memory_mb": 60}),
    "shared memory": ("take_shared_memory", (55,), (61,), {"memory_mb": 60}),
    "memory with files": ("take_memory_and_disk", (25, 25), (40, 25), {"memory_mb": 60}),
    "cpu_s": ("burn", (0.8,), (1.6,), {"cpu_s": 1}),
    "disk_mb": ("write_file", ("/work/x", 8), ("/work/x", 9), {"disk_mb": 8}),
    "disk of both folders": ("write_file", ("/tmp/x", 8), ("/tmp/x", 9), {"disk_mb": 8}),
    "inodes": ("make_files", (30,), (31,), {"inodes": 30}),
    "file_mb": ("write_file", ("/work/x", 4), ("/work/x", 5), {"file_mb": 4}),
    "open_files": ("open_files", (12,), (13,), {"open_files": 12}),
    "threads": ("start_threads", (3,), (4,), {"processes": 4, "memory_mb": 400}),
    "processes": ("start_processes", (3,), (4,), {"processes": 4}),
    "threads when there may be none": ("start_threads", (0,), (1,), {}),
    "processes when there may be none": ("start_processes", (0,), (1,), {}),
    "output_kb returned": ("give_back", (60_000,), (66_000,), {"output_kb": 64}),
    "output_kb printed": ("write_out", (60_000,), (200_000,), {"output_kb": 64}),
}
NAMED = {
    "shared memory": "memory_mb",
    "memory with files": "memory_mb",
    "disk of both folders": "disk_mb",
    "threads": "processes",
    "threads when there may be none": "processes",
    "processes when there may be none": "processes",
    "output_kb returned": "output_kb",
    "output_kb printed": "output_kb",
}


@pytest.mark.parametrize("name", CASES)
def test_a_ceiling_holds_where_it_is(opened, name):
    function, under, over, limits = CASES[name]
    session = opened(**limits)
    assert isinstance(session.call(function, under), Completed)
    began = time.monotonic()
    outcome = opened(**limits).call(function, over)
    assert isinstance(outcome, LimitExceeded) and outcome.limit == NAMED.get(name, name)
    assert str(asdict(Limits(**limits))[outcome.limit]) in outcome.message
    assert time.monotonic() - began < 10
    assert session.call("add", (1, 2)).value == 3


@pytest.mark.parametrize("name", CASES)
def test_a_session_goes_on_after_a_ceiling(opened, name):
    function, _, over, limits = CASES[name]
    session = opened(**limits)
    assert isinstance(session.call(function, over), LimitExceeded)
    assert session.call("add", (1, 2)).value == 3


@pytest.mark.parametrize("function", ["spin", "wait"])
def test_the_wall_clock_ends_a_call_whether_it_works_or_sleeps(opened, function):
    session = opened(wall_s=0.4)
    assert session.call("spin", (0.1,)).value == 0.1
    began = time.monotonic()
    outcome = session.call(function)
    assert isinstance(outcome, TimedOut) and outcome.limit_s == 0.4
    assert 0.35 < time.monotonic() - began < 2
    assert session.call("add", (1, 2)).value == 3


def test_a_call_may_ask_for_less_wall_clock_but_not_for_more(opened):
    session = opened(wall_s=0.4)
    assert session.call("wait", wall_s=0.1).limit_s == 0.1
    assert session.call("wait", wall_s=60).limit_s == 0.4


HOSTILE = Path(__file__).with_name("hostile.py").read_bytes()


@pytest.mark.parametrize("name", ["VmHWM:x", "VmPTE:x kB", "a\nVmHWM:x"])
def test_a_name_that_looks_like_a_figure_hides_none(opened, name):
    outcome = opened(HOSTILE, cpu_s=1).call("take_name", (name, 5.0))
    assert isinstance(outcome, LimitExceeded) and outcome.limit == "cpu_s"


@pytest.mark.parametrize("name", ["VmHWM:9999999kB", "\nVmHWM:9999999kB"])
def test_a_name_that_looks_like_a_figure_is_none(opened, name):
    outcome = opened(HOSTILE).call("take_name", (name, 0.2))
    assert outcome.value is True and outcome.usage.peak_memory_mb < 200


def test_page_tables_are_memory(opened):
    session = opened(HOSTILE, memory_mb=60)
    assert isinstance(session.call("map_far_apart", (0, 2_000)), Completed)
    outcome = session.call("map_far_apart", (2_000, 16_000))
    assert isinstance(outcome, LimitExceeded) and outcome.limit == "memory_mb"


def test_a_share_of_the_processor_holds_after_its_burst(opened):
    session = opened(cpu_percent=20)
    outcome = session.call("spin", (2.5,))
    assert isinstance(outcome, Completed)
    # A burst of 0.5 s, then a fifth of the time; one look every 50 ms may overshoot.
    assert outcome.usage.cpu_s < 0.5 + 0.2 * outcome.usage.wall_s + 0.3
    assert session.call("add", (1, 2)).value == 3


def test_the_wait_for_a_core_is_told_apart_from_what_a_call_takes(opened):
    session = opened()
    with busy_cores(each=3, bound_s=15):
        burned = session.call("burn", (0.6,)).usage
        waited = session.call("wait", wall_s=0.4).usage
    assert burned.queued_s > 0.1  # the others on each core had it for some of the time
    assert burned.wall_s - burned.queued_s == pytest.approx(0.6, abs=0.15)
    assert waited.queued_s < 0.1  # it asked for none


def test_the_wait_for_a_core_in_short_calls_is_not_charged_to_the_next_long_one(opened):
    session = opened()
    (worker,) = session._workers
    session.call("add", (1, 2))
    worker._queued_s -= 100.0  # as if it had waited so long in the short calls since it was last looked at
    worker._unseen_s += 1.0
    usage = session.call("spin", (0.1,)).usage
    assert usage.queued_s < usage.wall_s


def test_a_result_that_memory_does_not_hold_a_second_time_is_too_large(opened):
    session = opened(memory_mb=60)
    outcome = session.call("give_back", (25 << 20,))
    assert isinstance(outcome, LimitExceeded) and outcome.limit == "output_kb"
    assert outcome.message == "the result is too large; the limit is 1024 KB"
    assert session.call("add", (1, 2)).value == 3


@pytest.mark.parametrize("memory_mb", range(1, 9))
def test_a_program_that_leaves_no_memory_to_answer_with_has_reached_its_limit(memory_mb, opened):
    for size in (1, 10, 100):
        outcome = opened(memory_mb=memory_mb).call("hoard", (size,))
        assert isinstance(outcome, LimitExceeded) and outcome.limit == "memory_mb"
        assert f"{memory_mb} MB" in outcome.message


def test_files_that_are_too_large_for_the_disk_are_refused_before_anything_starts(opened):
    session = opened(files={"big": bytes(2 << 20)}, disk_mb=1)
    assert isinstance(session.loaded, LimitExceeded) and session.loaded.limit == "disk_mb"
    assert "the limit is 1 MB" in session.loaded.message
    assert session.call("add", (1, 2)) == session.loaded
