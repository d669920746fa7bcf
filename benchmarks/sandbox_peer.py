"""One peer of the sandbox that is a library, in a Python of its own; `benchmarks.sandbox_peers` starts it.

    python sandbox_peer.py NAME

Says "ready", or why it is not; then, for each line that comes in, does the work once and says how many seconds it took.
It runs where nothing of ours is installed, so it imports nothing of ours.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

PROGRAM = "def add(a, b):\n    return a + b\n"
CALL = "add(1, 2)"
RESULT = "3"


def monty(stack: ExitStack) -> Callable[[], str]:
    """A session of a pool of interpreter processes."""
    pool = stack.enter_context(importlib.import_module("pydantic_monty").Monty())

    def work() -> str:
        with pool.checkout() as session:
            return str(session.feed_run(PROGRAM + CALL))

    return work


def smolagents(_: ExitStack) -> Callable[[], str]:
    """An executor that walks the syntax tree in this process."""
    executors = importlib.import_module("smolagents.local_python_executor")

    def work() -> str:
        executor = executors.LocalPythonExecutor([])
        executor.send_tools({})  # without this it has no builtins
        return str(executor(PROGRAM + CALL).output)

    return work


def eryx(_: ExitStack) -> Callable[[], str]:
    """CPython in WebAssembly."""
    library = importlib.import_module("eryx")

    def work() -> str:
        return str(library.Sandbox().execute(f"{PROGRAM}print({CALL})").stdout.decode().strip())

    return work


PEERS = {"monty": monty, "smolagents": smolagents, "eryx": eryx}


def main(name: str) -> None:
    """Serve one peer until the input ends."""
    with ExitStack() as stack:
        try:
            work = PEERS[name](stack)
        except ImportError:
            print("not installed", flush=True)
            return
        print("ready", flush=True)
        for _ in sys.stdin:
            began = time.perf_counter()
            result = work()
            took = time.perf_counter() - began
            print(took if result == RESULT else f"it answers {result!r}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
