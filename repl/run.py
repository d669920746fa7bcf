"""One command line from words to exit code: the only place where answers and errors are printed for the shell."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, TextIO, cast

from plugins.errors import UsageError
from repl.answer import Answer
from repl.cli import Format, Invocation, parse, wanted_output
from repl.echo import echo
from repl.errors import INTERRUPTED, Problem, problem_of
from repl.progress import Progress, print_json

if TYPE_CHECKING:
    from argparse import Namespace

    from repl.render import Screen
    from repl.session import Session


def run(argv: list[str]) -> int:
    """Run one command line; every error ends here as text or JSON and an exit code."""
    _open_closed_streams()
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - what could not even be printed (a full disk) still ends in a sentence
        return _unprintable(error)
    return code


def _open_closed_streams() -> None:
    """Open on nothing what whoever started us had closed, before a record of ours gets its number and is written to."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def _unprintable(error: Exception) -> int:
    problem = _unwritten(error) if isinstance(error, OSError) and error.filename is None else problem_of(error)
    with contextlib.suppress(OSError, ValueError):
        print_problem(problem, "text")
    _to_nowhere(sys.stdout)
    return problem.exit_code


def _unwritten(error: OSError) -> Problem:
    return Problem(
        kind="unexpected",
        message=f"the answer cannot be written to standard output: {error.strerror or error}",
        hint="send it elsewhere; what was done stays done",
    )


def _run(argv: list[str]) -> int:
    try:
        invocation = parse(argv)
    except UsageError as error:
        return print_problem(problem_of(error), wanted_output(argv))
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # whatever is piped in is text, if not what was meant
    if invocation.version:
        from sandbox.version import VERSION

        print(f"ratchet {VERSION}")
        return 0
    if invocation.help:
        from repl.help import print_help

        print_help(invocation)
        return 0
    if invocation.verb is not None:
        return execute(invocation)
    if invocation.prompt is not None:
        from repl.pipe import run_prompt

        return run_prompt(invocation.prompt, invocation.options)
    return _repl(invocation)


def _repl(invocation: Invocation) -> int:
    if sys.stdin.isatty() and sys.stdout.isatty():
        from repl.app import run_app

        return run_app(invocation.options)
    from repl.pipe import run_pipe

    return run_pipe(invocation.options)


def execute(invocation: Invocation) -> int:
    """Run a verb once, in a session of its own."""
    output = invocation.options.output
    with opened(invocation) as session:
        return perform(session, invocation, output)


@contextlib.contextmanager
def opened(invocation: Invocation) -> Iterator[Session]:
    """A session for the options of an invocation, closed afterwards."""
    from repl.session import Session

    emit = (lambda event: print_json(event, sys.stdout)) if invocation.options.output == "stream-json" else None
    session = Session(invocation.options, progress=Progress(quiet=invocation.options.quiet, emit=emit))
    try:
        yield session
    finally:
        echo().on()
        session.close()


def perform(session: Session, invocation: Invocation, output: Format, *, screen: Screen | None = None) -> int:
    """Run the verb of `invocation` and print its answer or its error; an interrupt is an error like any other."""
    verb = invocation.verb
    assert verb is not None
    session.working_on = ""
    try:
        session.recover()
        answer = handler_of(verb.handler)(session, invocation.arguments)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one handler of everything: told, with its exit code
        session.progress.done()
        problem = problem_of(error, traceback_folder=session.traceback_folder, about=session.working_on)
        return print_problem(problem, output, at_prompt=screen is not None and screen.at_prompt)
    session.progress.done()
    print_answer(answer, output, screen=screen)
    return answer.exit_code


Handler = Callable[["Session", "Namespace"], Answer]


def handler_of(name: str) -> Handler:
    """Import the handler of a verb."""
    module, _, function = name.partition(":")
    return cast(Handler, getattr(import_module(module), function))


def print_answer(answer: Answer, output: Format, *, screen: Screen | None = None) -> None:
    """Print an answer as the caller asked for it."""
    if output == "text":
        from repl.render import Screen, tolerant

        shown = screen or Screen(tolerant(sys.stdout), bare=True)
        answer.show(shown)
        shown.end_foreign()
        shown.flush()
    elif output == "json":
        print_json(answer.payload, sys.stdout)
    else:
        print_json({"type": "result", **answer.payload}, sys.stdout)


def print_problem(problem: Problem, output: Format, *, at_prompt: bool = False) -> int:
    """Print an error: JSON on standard output, text on standard error."""
    if output == "text":
        from repl.render import Screen, tolerant

        show_problem(problem, Screen(tolerant(sys.stderr), at_prompt=at_prompt))
    else:
        kind = {"type": "error"} if output == "stream-json" else {}
        print_json({**kind, **problem.payload}, sys.stdout)
    return problem.exit_code


def show_problem(problem: Problem, screen: Screen) -> None:
    """Draw an error for a person."""
    if problem.kind == "interrupted":
        screen.line(("interrupted", "yellow"), f"  {screen.typed(problem.hint)}" if problem.hint else "")
        screen.flush()
        return
    subject = f"{problem.id}: " if problem.id and problem.id not in problem.message else ""
    screen.line(("error: ", "bold red"), f"{subject}{problem.message}")
    if problem.hint:
        screen.hint("hint: ", problem.hint)
    screen.flush()


def _reader_left() -> int:
    """Whoever read our output has gone; point it nowhere, so that the interpreter's last flush is quiet too."""
    _to_nowhere(sys.stdout)
    return 0


def _to_nowhere(stream: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
