"""Functions that the tests run as jobs."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from sandbox.worker import note


def count_files(argument):
    for number, value in zip(range(argument["n"]), (0, (1,), {2}), strict=True):
        assert number in (value, *((value,) if isinstance(value, int) else value))
        note(value)
    return sorted(str(path.relative_to("/work")) for path in Path("/work").rglob("*") if path.is_file())


def crash(argument):
    os._exit(9)


def fork(argument):
    child = os.fork()
    if child == 0:
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fork_with_a_thread(argument):
    """Fork while another thread lives and holds locks of `logging`; tell whether the child sees itself alone."""
    del argument
    held, done = threading.Event(), threading.Event()

    def hold():
        with logging.getLogger().handlers[0].lock:
            held.set()
            done.wait()

    logging.getLogger().addHandler(logging.StreamHandler())
    threading.Thread(target=hold).start()
    held.wait()
    child = os.fork()
    if child == 0:
        logging.getLogger().error("not stuck")
        os._exit(threading.active_count())
    done.set()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
