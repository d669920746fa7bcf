"""One conformance suite for every level: the same programs, the same outcomes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox import (
    Completed,
    Crashed,
    Denied,
    LimitExceeded,
    Limits,
    Policy,
    Program,
    Raised,
    Sandbox,
    SandboxUnavailable,
    TimedOut,
)
from tests.sandbox.processes import gone, until

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("programs.py").read_bytes()
LEVELS = ("process", "container", "wasm")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def sandbox(work):
    with Sandbox(work=work) as opened:
        yield opened


@pytest.fixture(params=LEVELS)
def level(request, sandbox):
    try:
        sandbox.require(request.param)
    except SandboxUnavailable as problem:
        pytest.skip(str(problem))
    return request.param


@pytest.fixture
def opened(sandbox, level):
    sessions = []

    def open_program(source=SOURCE, *, language="plain", files=None, **limits):
        program = Program(files={"plugin.py": source, **(files or {})}, language=language)
        sessions.append(sandbox.open(program, policy=Policy(), limits=Limits(**limits), level=level))
        return sessions[-1]

    yield open_program
    for session in sessions:
        session.close()


def test_every_canary_is_stopped(sandbox, level):
    found = sandbox.probe().levels[level]
    assert found.available
    canaries = {name: text for name, text in found.layers.items() if name.startswith("canary")}
    let_through = [name for name, text in canaries.items() if not text.startswith("stopped by ")]
    assert len(canaries) == 7
    assert let_through == ([] if level == "wasm" or "landlock" in found.layers else ["canary browse"])


@pytest.mark.parametrize("value", [None, 3, 2.5, "é", b"\xff", [1], (1, "a"), {1, 2}, {"a": 1, 2: (3,)}])
def test_values_cross_both_ways(opened, value):
    outcome = opened().call("echo", (value,))
    assert isinstance(outcome, Completed) and outcome.value == value and type(outcome.value) is type(value)


def test_coroutines_are_run_and_generators_listed(opened):
    session = opened()
    assert [session.call(name, (3,)).value for name in ("later", "count", "count_later")] == [3, [0, 1, 2], [0, 1, 2]]


def test_state_of_a_program_lasts_between_calls(opened):
    source = b"total = 0\ndef add(n):\n    global total\n    total += n\n    return total\n"
    session = opened(source)
    assert [session.call("add", (2,)).value for _ in range(3)] == [2, 4, 6]


def test_an_exception_is_raised_with_its_place(opened):
    outcome = opened().call("fail")
    assert isinstance(outcome, Raised) and (outcome.kind, outcome.message) == ("KeyError", "'missing'")
    assert [frame.partition(":")[0] for frame in outcome.frames] == ["plugin.py"]


def test_an_exception_says_what_else_it_is(opened):
    source = b"""
class Known(ValueError): pass
class Deep(Known, LookupError): pass
class TypeError(Exception): pass
class Fake(TypeError): pass
class Shy(type):
    @property
    def __mro__(cls): raise RuntimeError
class Odd(KeyError, metaclass=Shy): pass
def fail(name): raise globals()[name]("x")
"""
    session = opened(source)
    usual = ("Exception", "BaseException")
    assert session.call("fail", ("Deep",)).bases == ("Known", "ValueError", "LookupError", *usual)
    assert session.call("fail", ("Fake",)).bases == usual  # what only bears the name of a built-in one is none
    assert session.call("fail", ("Odd",)).bases == ("KeyError", "LookupError", *usual)


def test_a_program_that_fails_to_load_says_so(opened):
    session = opened(b"x = 1 / 0\n")
    assert isinstance(session.loaded, Raised) and session.call("x") == session.loaded


def test_the_language_policy_is_the_same(opened):
    session = opened(b"import os\n", language="dialect")
    assert isinstance(session.loaded, Denied)
    assert [(one.rule, one.path, one.line) for one in session.loaded.violations] == [("policy.import", "plugin.py", 1)]
    good = opened(b"def run(text: str) -> int:\n    return len(text.split())\n", language="dialect")
    assert good.call("run", ("a b",)).value == 2


def test_several_files_make_one_program(opened):
    source = b"import helper\ndef run():\n    return helper.VALUE\n"
    assert opened(source, files={"helper.py": b"VALUE = 5\n"}).call("run").value == 5


def test_random_numbers_are_fresh_in_every_worker(opened):
    source = b"import random\nFIRST = random.random()\ndef run():\n    return FIRST, random.random()\n"
    first, second = (opened(source).call("run").value for _ in range(2))
    assert len({*first, *second}) == 4


def test_nothing_of_the_environment_is_there(opened):
    source = b"import os\ndef run():\n    return {k: v for k, v in os.environ.items() if not k.startswith('PYTHON')}\n"
    os.environ["SANDBOX_CANARY"] = "1"
    try:
        assert opened(source).call("run").value == {}
    finally:
        del os.environ["SANDBOX_CANARY"]


def test_without_an_outside_an_ask_is_denied(opened):
    outcome = opened().call("ask_and_hide", ("http.request", {}))
    assert isinstance(outcome, Denied) and outcome.capability == "http"


@pytest.mark.parametrize(
    ("function", "under", "over", "limits", "name"),
    [
        ("take_memory", (30,), (80,), {"memory_mb": 60}, "memory_mb"),
        ("write_file", ("x", 4), ("x", 9), {"disk_mb": 8}, "disk_mb"),
        ("give_back", (30_000,), (70_000,), {"output_kb": 64}, "output_kb"),
        ("write_out", (30_000,), (300_000,), {"output_kb": 64}, "output_kb"),
        ("burn", (0.2,), (60.0,), {"cpu_s": 1}, "cpu_s"),
    ],
)
def test_ceilings_hold_and_the_session_goes_on(opened, function, under, over, limits, name):
    session = opened(**limits)
    assert isinstance(session.call(function, under), Completed)
    outcome = session.call(function, over)
    assert isinstance(outcome, LimitExceeded) and outcome.limit == name
    assert session.call("add", (1, 2)).value == 3


def test_the_wall_clock_ends_a_call(opened):
    session = opened(wall_s=0.5)
    began = time.monotonic()
    assert isinstance(session.call("spin"), TimedOut)
    assert time.monotonic() - began < 5
    assert session.call("add", (1, 2)).value == 3


def test_leaving_is_a_crash_and_the_session_goes_on(opened):
    session = opened()
    assert isinstance(session.call("leave", (3,)), Crashed)
    assert session.call("add", (1, 2)).value == 3


def test_a_closed_session_leaves_no_process_and_no_file(opened, level):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    opened().close()
    before = descriptors()
    for _ in range(3):
        session = opened()
        session.call("spin", wall_s=0.05)
        session.close()
    assert descriptors() == before


def busy(pid):
    """Tell whether a process has computed for a while, so that its channel is not what it listens to."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) > 40 and fields[0] == "R"


HOST = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from sandbox import *
program = Program(files={"plugin.py": b"def spin():\\n    while True: pass\\n"}, language="plain")
session = Sandbox(work=Path(sys.argv[2])).open(program, policy=Policy(), limits=Limits(), level=sys.argv[3])
print(session._idle[0]._body.pid, flush=True)
session.call("spin")
"""


def test_nothing_survives_when_the_host_is_killed(level, work):
    words = [sys.executable, "-c", HOST, str(ROOT), str(work), level]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as host:
        worker = int(host.stdout.readline())
        assert until(lambda: busy(worker))
        host.kill()
    try:
        assert until(lambda: gone(worker))
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def test_what_is_unavailable_says_why_by_name(sandbox):
    for name, found in sandbox.probe().levels.items():
        assert found.available or (found.why and name in found.why)
