"""A machine that has other work: what is judged must not depend on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SPIN = (
    "import time\nprint(flush=True)\nuntil = time.monotonic() + {bound_s}\nwhile time.monotonic() < until:\n    pass\n"
)


@contextmanager
def busy_cores(each: int, bound_s: float) -> Iterator[None]:
    """Keep every core busy with `each` processes that spin, for at most `bound_s` seconds."""
    command = [sys.executable, "-S", "-c", _SPIN.format(bound_s=bound_s)]
    count = each * len(os.sched_getaffinity(0))
    # Each in a session of its own: the kernel may share cores out among sessions, and not among processes.
    spinning = [subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) for _ in range(count)]
    try:
        for process in spinning:
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
        yield
    finally:
        for process in spinning:
            process.kill()
            process.communicate()
