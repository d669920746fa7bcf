"""The REPL without a terminal: every line of standard input is a line of the REPL. And `-p`, which is one line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from plugins.errors import UsageError
from repl.cli import Invocation, Options

if TYPE_CHECKING:
    from repl.render import Screen


def run_pipe(options: Options) -> int:
    """Carry out the lines of standard input; return the exit code of the last one that failed, else 0.

    A program that reads JSON is owed an answer, also where there was no line.
    """
    from repl.errors import problem_of
    from repl.loop import Leave, Loop
    from repl.run import opened, print_problem

    failed, seen = 0, options.output == "text"
    with opened(Invocation(options=options)) as session:
        loop = Loop(session, _screen(bare=False, at_prompt=True))
        for line in sys.stdin:
            seen = seen or bool(line.strip())
            try:
                failed = loop.handle(line) or failed
            except Leave:
                break
            if failed == 130:
                break
    if not seen:
        error = UsageError("there is no verb, and no line on standard input", hint="ratchet help lists what there is.")
        return print_problem(problem_of(error), options.output)
    return failed


def run_prompt(prompt: str, options: Options) -> int:
    """Carry out one line; `-` reads it from standard input."""
    from repl.loop import Leave, Loop
    from repl.run import opened

    text = sys.stdin.read() if prompt == "-" else prompt
    with opened(Invocation(options=options)) as session:
        loop = Loop(session, _screen(bare=True))
        try:
            return loop.handle(text)
        except Leave:
            return 0


def _screen(*, bare: bool, at_prompt: bool = False) -> Screen:
    from repl.render import Screen, tolerant

    return Screen(tolerant(sys.stdout), bare=bare, at_prompt=at_prompt)
