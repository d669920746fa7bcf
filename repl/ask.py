"""Questions to a person at a terminal: nothing typed before the question counts, no answer is no, and silence is no."""

from __future__ import annotations

import os
import select
import sys
import termios
from typing import TYPE_CHECKING

from repl.echo import echo

if TYPE_CHECKING:
    from repl.render import Screen

_PATIENCE_S = 900.0


def at_terminal() -> bool:
    """Whether a person can be asked: they see what is printed, and what is typed comes from them."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def ask(screen: Screen, question: str, *, patience_s: float = _PATIENCE_S) -> str | None:
    """Ask for one line. None at end of input or when nobody answers in time.

    What was typed before the question appeared is thrown away: it cannot have been an answer to it.
    """
    screen.end_foreign()
    screen.flush()
    descriptor = sys.stdin.fileno()
    forget_typed_ahead(descriptor)
    echo().on()
    screen.stream.write(question)
    screen.flush()
    return read_line(descriptor, patience_s)


def confirmed(screen: Screen, question: str) -> bool:
    """Ask a question whose only yes is the word; there is no default."""
    answer = ask(screen, f"{question} [yes/no] ")
    return answer is not None and answer.strip().lower() in ("yes", "y")


def forget_typed_ahead(descriptor: int) -> None:
    """Drop what the terminal has received but nobody has read, and what the prompt read beyond the end of its line."""
    termios.tcflush(descriptor, termios.TCIFLUSH)
    if "prompt_toolkit.input.typeahead" in sys.modules:
        from prompt_toolkit.application.current import get_app_session
        from prompt_toolkit.input.typeahead import clear_typeahead

        clear_typeahead(get_app_session().input)


def read_line(descriptor: int, patience_s: float) -> str | None:
    """Read one line as the terminal hands it over; never from a buffer that was filled earlier."""
    ready, _, _ = select.select([descriptor], [], [], patience_s)
    if not ready:
        return None
    data = os.read(descriptor, 4096)
    if not data.endswith(b"\n"):  # end of input, also in the middle of a line
        return None
    return data.decode("utf-8", "replace").rstrip("\r\n")
