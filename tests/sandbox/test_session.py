from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from sandbox import Completed, Crashed, Denied, LimitExceeded, Raised, TimedOut
from sandbox.family import descendants
from sandbox.monitor import Curve
from sandbox.outside.base import Exceeded, Failed, Given, Refused
from tests.sandbox.processes import gone, until


class Answers:
    """An outside that gives one answer and remembers what it was asked."""

    def __init__(self, answer):
        self.given, self.seen = answer, []

    def answer(self, ask):
        self.seen.append(ask)
        return self.given

    def close(self):
        self.seen.append("closed")


def test_a_call_returns_its_value_and_what_it_used(opened):
    outcome = opened().call("add", (1,), {"second": 2})
    assert isinstance(outcome, Completed) and outcome.value == 3
    assert outcome.usage.wall_s > 0 and outcome.usage.peak_memory_mb > 1


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, "é\u2028", b"\x00\xff", [1, [2]], (1, "a"), {1, 2}, frozenset({"x"}), {"a": 1, 2: (3,)}],
)
def test_values_cross_both_ways_with_their_type(opened, value):
    outcome = opened().call("echo", (value,))
    assert isinstance(outcome, Completed) and outcome.value == value and type(outcome.value) is type(value)


def test_coroutines_are_run_and_generators_listed(opened):
    session = opened()
    results = [session.call(name, (3,)) for name in ("later", "count", "count_later")]
    assert [outcome.value for outcome in results] == [3, [0, 1, 2], [0, 1, 2]]


def test_an_exception_names_its_kind_and_place_in_the_program_only(opened):
    outcome = opened().call("fail")
    assert isinstance(outcome, Raised) and (outcome.kind, outcome.message) == ("KeyError", "'missing'")
    assert len(outcome.frames) == 1 and outcome.frames[0].startswith("plugin.py:")


def test_an_exception_that_cannot_be_printed_is_still_an_outcome(opened):
    outcome = opened().call("fail_badly")
    assert isinstance(outcome, Raised) and outcome.message == "(it cannot be shown)"


def test_a_value_that_cannot_cross_is_said_by_type(opened):
    outcome = opened().call("give_object")
    assert isinstance(outcome, Raised) and "object" in outcome.message


@pytest.mark.parametrize("name", ["_private", "__init__", "add.x", "", "os; add"])
def test_only_public_functions_can_be_called(opened, name):
    assert isinstance(opened().call(name), Denied)


def test_a_function_that_is_not_there_is_an_outcome(opened):
    assert isinstance(opened().call("nothing_here"), Raised)


def test_leaving_is_a_crash_and_leaving_politely_is_not(opened):
    session = opened()
    outcome = session.call("leave", (3,))
    assert isinstance(outcome, Crashed) and (outcome.signal, outcome.exit_code, outcome.report) == ("", 3, "")
    assert outcome.usage == session.usage()
    assert isinstance(session.call("leave_politely", (3,)), Raised)
    assert session.call("add", (1, 2)).value == 3


def test_a_crash_is_reported_with_signal_place_and_last_words(opened):
    outcome = opened().call("die_by_fault")
    assert isinstance(outcome, Crashed) and outcome.signal == "SIGSEGV"
    assert "before the fault" in outcome.report and "in die_by_fault" in outcome.report


def test_a_crash_names_its_request_without_arguments_and_shows_what_it_used_until_then(opened):
    outcome = opened().call("burn_and_leave", (0.4,))
    assert isinstance(outcome, Crashed) and outcome.request == "call burn_and_leave"
    moments, used = [one.after_s for one in outcome.curve], [one.cpu_s for one in outcome.curve]
    assert len(outcome.curve) >= 3 and moments == sorted(moments) and used == sorted(used)
    assert used[0] < 0.4 <= used[-1] + 0.02
    assert all(one.memory_mb <= outcome.usage.peak_memory_mb + 0.001 for one in outcome.curve)
    assert outcome.curve[0].memory_mb > 1  # a look at a worker that is just ending sees none
    assert outcome.usage.wall_s - 0.001 < moments[-1] <= outcome.usage.wall_s + 0.001


def test_a_crash_before_the_first_look_shows_its_end(opened):
    outcome = opened().call("leave", (3,))
    assert isinstance(outcome, Crashed) and len(outcome.curve) == 1 and outcome.curve[0].memory_mb > 1


def test_a_crash_while_loading_says_so(opened):
    loaded = opened(b"import os\nos._exit(5)\n").loaded
    assert isinstance(loaded, Crashed) and (loaded.exit_code, loaded.request) == (5, "load plugin.py")


def test_a_curve_stays_small_and_keeps_its_first_and_last_look():
    curve = Curve()
    for tick in range(100_000):
        curve.add(tick, tick / 2, 1 << 20)
    moments = [one.after_s for one in curve.samples()]
    assert len(moments) <= 64 and moments == sorted(moments)
    assert (moments[0], moments[-1]) == (0, 99_999)


def test_a_program_that_fails_to_load_answers_every_call_with_that(opened):
    session = opened(b"x = 1 / 0\n")
    assert isinstance(session.loaded, Raised) and session.loaded.kind == "ZeroDivisionError"
    assert session.call("anything") == session.loaded


def test_a_program_that_never_finishes_loading_is_stopped(opened):
    assert isinstance(opened(b"while True: pass\n", wall_s=0.3).loaded, TimedOut)


def test_a_source_the_language_policy_refuses_is_denied_with_its_place(opened):
    session = opened(b"import os\n", language="dialect")
    assert isinstance(session.loaded, Denied)
    assert [(one.path, one.line) for one in session.loaded.violations] == [("plugin.py", 1)]


def test_a_program_in_the_dialect_runs_under_the_language_policy(opened):
    source = b"def run(x: int, name: str) -> object:\n    return getattr(x, name)\n"
    session = opened(source, language="dialect")
    assert session.call("run", (1, "real")).value == 1
    assert isinstance(session.call("run", (1, "__class__")), Raised)


def test_the_program_sees_nothing_of_the_host(opened):
    outcome = opened().call("surroundings")
    assert outcome.value == {"environment": {}, "pid": 1, "user": 1000, "folder": "/work"}


def test_random_state_is_fresh_and_the_hash_seed_is_the_one_asked_for(opened):
    first, second = (opened(seed=7).call("random_state").value for _ in range(2))
    other = opened(seed=8).call("random_state").value
    assert first[0] != second[0] and first[1] != second[1]
    assert first[2] == second[2] != other[2]


def test_an_ask_is_answered_by_the_outside(opened):
    outside = Answers(Given(value={"answer": b"42"}))
    outcome = opened(outside=outside).call("ask", ("files.read", {"path": "a"}))
    assert outcome.value == {"answer": b"42"}
    assert [(ask.op, ask.argument) for ask in outside.seen] == [("files.read", {"path": "a"})]


def test_an_ask_that_fails_raises_the_kind_it_names(opened):
    outside = Answers(Failed(kind="FileNotFoundError", message="no such file"))
    outcome = opened(outside=outside).call("ask", ("files.read", "a"))
    assert isinstance(outcome, Raised) and (outcome.kind, outcome.message) == ("FileNotFoundError", "no such file")


def test_a_refusal_decides_whatever_the_program_makes_of_it(opened):
    outside = Answers(Refused(capability="network:example.org:443", message="not granted"))
    outcome = opened(outside=outside).call("ask_and_hide", ("http.request", {}))
    assert isinstance(outcome, Denied) and outcome.capability == "network:example.org:443"


def test_a_ceiling_of_the_outside_decides_too(opened):
    outside = Answers(Exceeded(limit="network_mb", message="too much"))
    outcome = opened(outside=outside).call("ask_and_hide", ("http.request", {}))
    assert isinstance(outcome, LimitExceeded) and outcome.limit == "network_mb"


def test_without_an_outside_every_ask_is_denied(opened):
    assert isinstance(opened().call("ask_and_hide", ("clock.now", None)), Denied)


def test_calls_overlap_up_to_the_limit_and_the_queue_is_bounded(opened):
    session = opened(concurrent_calls=2, queued_calls=1)
    outcomes: list[object] = []
    threads = [threading.Thread(target=lambda: outcomes.append(session.call("spin", (0.4,)))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Completed) for outcome in outcomes) == 3
    refused = [outcome for outcome in outcomes if isinstance(outcome, LimitExceeded)]
    assert [outcome.limit for outcome in refused] == ["queued_calls"] * 3


def test_a_call_that_waits_too_long_for_its_turn_times_out(opened):
    session = opened(concurrent_calls=1)
    first = threading.Thread(target=session.call, args=("spin", (0.6,)))
    first.start()
    while not session.activity().running:
        pass  # until the first call has taken its place
    assert isinstance(session.call("add", (1, 2), wall_s=0.05), TimedOut)
    first.join()


def test_a_closed_session_says_so(opened):
    session = opened()
    session.close()
    assert isinstance(session.call("add", (1, 2)), Crashed)


def test_closing_a_session_closes_its_outside(opened):
    outside = Answers(Given())
    opened(outside=outside).close()
    assert outside.seen == ["closed"]


def test_usage_and_activity_add_up(opened):
    session = opened()
    session.call("burn", (0.05,))
    session.call("fail")
    activity = session.activity()
    assert (activity.workers, activity.requests, activity.errors) == (1, 2, 1)
    assert activity.now.cpu_s >= 0.04 and activity.now.memory > 1 << 20 and activity.now.proportional > 0
    used = session.usage()
    assert used.cpu_s >= 0.04
    assert (activity.wall_s, activity.cpu_s, activity.peak_memory_mb) == (
        used.wall_s,
        used.cpu_s,
        used.peak_memory_mb,
    )


def test_activity_shows_a_worker_that_is_running_too(opened):
    session = opened()
    call = threading.Thread(target=session.call, args=("burn", (0.6,)))
    call.start()
    while not session.activity().running:
        pass
    seen = []
    while session.activity().running:
        seen.append(session.activity())
    call.join()
    busy = [one.now for one in seen if one.running]
    assert any(now.memory > 1 << 20 and now.peak >= now.memory and now.cpu_s >= 0.1 for now in busy)


def test_what_a_worker_used_stays_in_the_account_after_its_end(opened):
    session = opened()
    session.call("burn", (0.05,))
    session.call("leave", (3,))
    activity = session.activity()
    assert (activity.workers, activity.errors, activity.now.memory, activity.network_bytes) == (0, 1, 0, 0)
    assert activity.cpu_s >= 0.04 and activity.peak_memory_mb > 1


def test_a_renewed_session_has_a_worker_that_knows_nothing_of_earlier_calls(opened):
    source = b"held = []\ndef hold(mb):\n    held.append(b'x' * (mb << 20))\n    return len(held)\n"
    session = opened(source)
    large = [session.call("hold", (40,)), session.call("hold", (1,))]
    session.renew()
    small = session.call("hold", (1,))
    assert [outcome.value for outcome in (*large, small)] == [1, 2, 1]
    assert small.usage.peak_memory_mb < large[1].usage.peak_memory_mb - 30
    assert session.usage().peak_memory_mb == max(outcome.usage.peak_memory_mb for outcome in large)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "", "a//b", "a\0b", "./a"])
def test_paths_of_files_stay_in_their_folder(opened, path):
    with pytest.raises(ValueError, match="not a plain relative path"):
        opened(files={path: b""})


def test_a_program_may_have_several_files(opened):
    source = b"import helper\ndef run():\n    return helper.VALUE, open('/plugin/data/x.txt').read()\n"
    session = opened(source, files={"helper.py": b"VALUE = 5\n", "data/x.txt": b"text"})
    assert session.call("run").value == (5, "text")


def test_a_program_may_be_larger_than_what_a_channel_holds(opened):
    source = b"def size():\n    return len(open('/plugin/large.txt').read())\n"
    assert opened(source, files={"large.txt": b"x" * 3_000_000}).call("size").value == 3_000_000


def test_named_arguments_cross_whatever_they_are_called(opened):
    session = opened(b"def names(**named):\n    return named\n")
    named = {"a": (1,), "$tuple": [2], "two words": {"$set": 3}, "é": None}
    assert session.call("names", kwargs=named).value == named
    with pytest.raises(ValueError, match="surrogate"):
        session.call("names", kwargs={"\ud800": 1})
    assert session.call("names").value == {}


def test_activity_counts_what_was_called_and_how_it_ended(opened):
    session = opened()
    for _ in range(3):
        session.call("add", (1, 2))
    session.call("fail")
    seen, used = session.activity(), session.usage()
    assert (seen.requests, seen.errors, seen.workers) == (4, 1, 1)
    assert used.wall_s > 0 and used.peak_memory_mb > 1


def test_random_numbers_are_fresh_in_every_worker(opened):
    source = b"import random\nFIRST = random.random()\ndef first():\n    return FIRST, random.random()\n"
    assert len({number for _ in range(3) for number in opened(source).call("first").value}) == 6


def test_the_box_that_holds_the_folders_is_out_of_reach(opened):
    source = b"""
import os
def look():
    found = []
    for path in ("/box/plugin", "/box/work", "/box/output"):
        try:
            os.stat(path)  # Landlock has no say in it: only the mounts have
        except FileNotFoundError:
            found.append(path)
    try:
        os.chmod("/box", 0o755)
    except OSError as refused:
        return found, refused.errno
"""
    expected = (["/box/plugin", "/box/work", "/box/output"], errno.EROFS)
    assert opened(source).call("look").value == expected


def test_only_input_output_errors_and_the_channel_are_open(opened):
    with opened() as beside:  # its worker is known to the fork server by descriptors, too
        beside.call("add", (1, 2))
        assert len(opened().call("descriptors").value) == 4


def test_the_folder_of_a_program_cannot_be_written_to_by_its_mount_alone(opened):
    # Landlock, the other layer, has no say about times.
    source = b"import os\ndef run():\n    os.utime('/plugin')\n"
    outcome = opened(source).call("run")
    assert isinstance(outcome, Raised) and "Read-only file system" in outcome.message


def test_processes_that_start_one_another_stand_still_in_the_end_or_are_ended(opened):
    hostile = Path(__file__).with_name("hostile.py").read_bytes()
    session = opened(hostile, processes=9, memory_mb=400)
    assert session.call("hop", (3, 30.0)).value == 1
    (link,) = session._workers
    assert until(lambda: link.ended or (link._resting and not link.watched))
    assert link.ended or all(gone(pid) or state(pid) in "tT" for pid in descendants(link._body.pid))


def test_a_call_after_the_end_of_a_worker_that_rested_gets_another(opened):
    session = opened(processes=4)
    (link,) = session._idle
    link._family.runaway = True  # as when its processes start one another faster than they can be stopped
    assert until(lambda: link.rest() == 0 and link.ended)
    assert [session.call("add", (1, 2)).value for _ in range(2)] == [3, 3]
    assert (session.activity().requests, session.activity().errors, session.activity().workers) == (2, 0, 1)


class Mistaken:
    """An outside that breaks its word never to raise."""

    def answer(self, ask):
        raise RecursionError(f"\x1b[2J{ask.argument}")

    def close(self):
        pass


@pytest.mark.parametrize("op", ["files.read", "http.request"])
def test_a_mistake_of_the_outside_ends_the_ask_and_not_the_host(opened, op, caplog):
    outcome = opened(outside=Mistaken()).call("ask", (op, "text of the plugin"))
    assert isinstance(outcome, Raised) and outcome.kind == "OSError" and "error of Ratchet" in outcome.message
    assert "RecursionError" in caplog.text and op in caplog.text and "text of the plugin" not in caplog.text


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
