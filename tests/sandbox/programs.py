"""Programs that the tests of the sandbox run inside it; plain Python, so that the boundary alone is tested."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time


def add(first, second):
    return first + second


def echo(value):
    return value


def take_memory(megabytes):
    return len(bytearray(megabytes << 20))


def take_shared_memory(megabytes):
    import mmap

    with mmap.mmap(-1, megabytes << 20) as block:
        for page in range(0, len(block), 4096):
            block[page] = 1
        return megabytes


def take_memory_and_disk(memory, disk):
    kept = bytearray(memory << 20)
    write_file("/work/big", disk)
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        pass
    return len(kept)


def write_file(path, megabytes):
    with open(path, "wb") as stream:
        stream.writelines(bytes(1 << 20) for _ in range(megabytes))
    return os.path.getsize(path)


def make_files(count):
    for number in range(count):
        with open(f"/work/{number}", "wb"):
            pass
    return count


def open_files(count):
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(open("/dev/null", "rb"))
    return count


def start_threads(count):
    done = threading.Event()
    try:
        for _ in range(count):
            threading.Thread(target=done.wait).start()
    finally:
        done.set()
    return count


def start_processes(count):
    children = []
    try:
        for _ in range(count):
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
    return count


def spin(seconds=1000.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    return seconds


def burn(cpu_seconds):
    until = time.process_time() + cpu_seconds
    while time.process_time() < until:
        pass
    return cpu_seconds


def wait():
    threading.Event().wait()


def write_out(size):
    print("x" * size)
    return size


def give_back(size):
    return "y" * size


HOARD = []


def hoard(size):
    while True:
        HOARD.append("x" * size + str(len(HOARD)))


def give_object():
    return object()


def fail():
    raise KeyError("missing")


def fail_badly():
    class Unprintable(Exception):
        def __str__(self):
            raise MemoryError

    raise Unprintable


def die_by_fault():
    import ctypes

    print("before the fault", flush=True)
    ctypes.memset(0, 0, 1)


def burn_and_leave(cpu_seconds):
    burn(cpu_seconds)
    os._exit(4)


def leave(code):
    os._exit(code)


def leave_politely(code):
    raise SystemExit(code)


async def later(value):
    import asyncio

    await asyncio.sleep(0)  # gives way once, and waits for nothing
    return value


def count(until):
    yield from range(until)


async def count_later(until):
    for number in range(until):
        yield number


def surroundings():
    return {"environment": dict(os.environ), "pid": os.getpid(), "user": os.getuid(), "folder": os.getcwd()}


def random_state():
    import random

    return random.random(), os.urandom(8).hex(), hash("text")


def ask(op, argument):
    from sandbox.worker import ask

    return ask(op, argument)


def ask_and_hide(op, argument):
    with contextlib.suppress(Exception):
        ask(op, argument)
    return "fine"


def descriptors():
    found = []
    for number in range(64):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def _private():
    return "never"


def present(paths):
    return [path for path in paths if os.path.lexists(path)]
