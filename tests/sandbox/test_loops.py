"""Event loops in workers, which have neither epoll nor sockets for them; and threads, without futexes of all."""

from __future__ import annotations

import selectors
import subprocess
import sys
from asyncio import selector_events
from pathlib import Path

import pytest

from sandbox import Completed, Raised, loops

ROOT = Path(__file__).parents[2]
SOURCE = b"""
import asyncio, ctypes, os, threading, time

async def together(count):
    await asyncio.gather(*(asyncio.sleep(0.001) for _ in range(count)))
    return count

async def by_a_thread(value):
    return await asyncio.to_thread(lambda: value)

async def woken_late():
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    threading.Timer(0.1, loop.call_soon_threadsafe, (event.set,)).start()
    await asyncio.wait_for(event.wait(), 5)
    return True

def one_after_another(count):
    return [asyncio.run(together(number)) for number in range(count)]

def join(seconds):
    libc, thread = ctypes.CDLL(None), ctypes.c_ulong()
    body = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: time.sleep(seconds))
    began = time.monotonic()
    failed = libc.pthread_create(ctypes.byref(thread), None, body, None) or libc.pthread_join(thread, None)
    return failed == 0 and time.monotonic() - began >= seconds

def wait_for_each_other(count):
    barrier, done = threading.Barrier(count), []
    threads = [threading.Thread(target=lambda: done.append(barrier.wait())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(done)
"""


@pytest.mark.parametrize(
    ("function", "arguments", "value"),
    [
        ("together", (5,), 5),
        ("by_a_thread", (7,), 7),
        ("woken_late", (), True),
        ("one_after_another", (100,), list(range(100))),  # each closes what it opened
        ("join", (0.2,), True),
        ("wait_for_each_other", (4,), [0, 1, 2, 3]),
    ],
)
def test_loops_and_threads_do_what_they_do_elsewhere(opened, function, arguments, value):
    outcome = opened(SOURCE, processes=6, memory_mb=300).call(function, arguments)
    assert isinstance(outcome, Completed) and outcome.value == value


def test_a_loop_needs_no_thread(opened):
    assert opened(SOURCE).call("one_after_another", (3,)).value == [0, 1, 2]


def test_without_the_change_there_would_be_no_loop(opened):
    again = (
        SOURCE
        + b"""
import importlib, selectors
from asyncio import selector_events
def as_it_was():
    importlib.reload(selector_events)
    selectors.DefaultSelector = selectors.EpollSelector
    return asyncio.run(together(1))
"""
    )
    outcome = opened(again).call("as_it_was")
    assert isinstance(outcome, Raised) and outcome.kind == "PermissionError"


def test_a_waker_is_sent_to_without_end_and_read_once():
    waker = loops.Waker()
    poll = selectors.PollSelector()
    poll.register(waker.fileno(), selectors.EVENT_READ)
    assert not poll.select(0)
    for _ in range(1000):
        waker.send(b"\0")
    assert poll.select(0) and waker.recv(4096)
    with pytest.raises(BlockingIOError):
        waker.recv(4096)
    waker.close()
    waker.close()
    assert waker.fileno() == -1


def test_what_is_replaced_is_there():
    assert callable(selector_events.BaseSelectorEventLoop._make_self_pipe)


@pytest.mark.parametrize("before", ["import asyncio", "import selectors"])
def test_it_does_not_matter_when_asyncio_is_imported(before):
    code = f"""
import sys
{before}
from sandbox import loops
early, finders = "asyncio" in sys.modules, len(sys.meta_path)
loops.adapt()
assert ("asyncio" in sys.modules) is early
import asyncio
async def made():
    loop = asyncio.get_running_loop()
    return type(loop._ssock).__name__, type(loop._selector).__name__, len(sys.meta_path) - finders
print(*asyncio.run(made()))
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout == "Waker PollSelector 0\n", ran.stderr
