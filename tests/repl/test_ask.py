"""Questions at a real terminal: a pseudo-terminal is the person's side of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, termios
sys.path.insert(0, {root!r})
from repl.ask import ask
from repl.render import Screen
if {wait!r}:
    # the person types before there is a question; wait until the terminal has it
    import fcntl, struct, select
    print("ready", flush=True)
    select.select([0], [], [], 20)
print("answer:", repr(ask(Screen(sys.stdout), "Sure? ", patience_s={patience})))
"""


def start(*, wait: bool = False, patience: float = 20.0) -> pexpect.spawn:
    code = PROGRAM.format(root=str(ROOT), wait=wait, patience=patience)
    return pexpect.spawn(sys.executable, ["-c", code], timeout=20, encoding="utf-8")


def test_an_answer_is_what_is_typed_after_the_question():
    child = start()
    child.expect_exact("Sure? ")
    child.sendline("yes")
    child.expect_exact("answer: 'yes'")


def test_what_was_typed_before_the_question_is_no_answer():
    child = start(wait=True)
    child.expect_exact("ready")
    child.sendline("yes")
    child.expect_exact("Sure? ")
    child.sendline("no")
    child.expect_exact("answer: 'no'")


def test_the_end_of_input_is_no_answer():
    child = start()
    child.expect_exact("Sure? ")
    child.sendeof()
    child.expect_exact("answer: None")


def test_a_line_that_ends_without_enter_is_no_answer():
    child = start()
    child.expect_exact("Sure? ")
    child.send("yes")
    child.sendeof()
    child.sendeof()
    child.expect_exact("answer: None")


def test_silence_is_no_answer():
    child = start(patience=0.05)
    child.expect_exact("answer: None")


@pytest.mark.parametrize("answer", ["yes\x1b[A", "ja"])
def test_an_answer_comes_back_as_it_was_typed(answer):
    child = start()
    child.expect_exact("Sure? ")
    child.sendline(answer)
    child.expect_exact(f"answer: {answer!r}")
