"""Ratchet at a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import re
import signal
import termios
import threading

import pexpect
import pytest
from werkzeug import Response

from .person import COMMAND, SOURCE, Person, write_plugin

# What a terminal is told about position and colour, without the text.
_ORDERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")

# Between two words: a space, or where the line wraps an end of line with the colour ended and begun again.
_GAP = r"(?:\s|\x1b\[[0-9;]*m)+"


def _heed_signals() -> None:
    """Heed signals also where the tests were started in the background, or by `nohup`, which ignore some."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """A terminal of a given width with Ratchet in it."""

    def __init__(self, person: Person, *words: str, width: int = 100, **environment: str) -> None:
        self.child = pexpect.spawn(
            COMMAND[0], [*COMMAND[1:], *words], cwd=str(person.folder), env={**person.environment, **environment},
            dimensions=(40, width), timeout=60, encoding="utf-8", preexec_fn=_heed_signals,
        )  # fmt: skip
        self.seen = ""

    def expect(self, *texts: str) -> None:
        """Wait for each text in turn; where it wraps depends on the length of paths."""
        for text in texts:
            self.child.expect(_GAP.join(map(re.escape, text.split(" "))))
            self.seen += self.child.before + self.child.after

    def send(self, line: str) -> None:
        self.child.sendline(line)

    def close(self) -> int:
        self.child.expect(pexpect.EOF)
        self.seen += self.child.before
        self.child.close()
        return self.child.exitstatus

    @property
    def text(self) -> str:
        return _ORDERS.sub("", self.seen).replace("\r", "")


@pytest.fixture
def terminals():
    made: list[Terminal] = []

    def start(*args: object, **options: object) -> Terminal:
        made.append(Terminal(*args, **options))
        return made[-1]

    yield start
    for terminal in made:
        terminal.child.close(force=True)


def test_from_a_proposal_to_its_command_and_back(maker, terminals):
    folder = write_plugin(maker.home / "text-stats")
    screen = terminals(maker, NO_COLOR="1")
    screen.expect("ratchet>")
    screen.send(f"/propose --from {folder}")
    screen.expect("layout", "mutation", "P-1: awaiting-approval", "ratchet>")
    screen.send("/review P-1")
    screen.expect("Review of P-1", "return {", "takes a typed word", "sha256:", "ratchet>")
    screen.send("/approve P-1")
    screen.expect("To accept this type no-oracle", "> ")
    screen.send("no-oracle")
    screen.expect("To commit exactly these bytes type approve", "> ")
    screen.send("approve")
    screen.expect("Committed text-stats 0.1.0", "ratchet>")
    screen.send("/stats one three")
    screen.expect('"words": 2', "ratchet>")
    screen.send("/help")
    screen.expect("Commands of plugins", "/stats", "ratchet>")
    screen.send("/rollback text-stats")
    screen.expect("it is gone", "ratchet>")
    screen.send("/stats one")
    screen.expect("there is no verb /stats", "ratchet>")
    screen.child.sendeof()
    assert screen.close() == 0
    assert maker.json("audit", "show", "P-1")["decisions"][0]["channel"] == "terminal"


def test_whatever_is_not_the_word_leaves_the_proposal_pending(proposed, terminals):
    refusals = (["no-oracle", "yes"], ["no-oracle", ""], [""], ["approve"], ["no-oracle", None], [None])
    for answers in refusals:
        screen = terminals(proposed, "approve", "P-1")
        for answer in answers:
            screen.expect("\r\n> ")
            if answer is None:
                screen.child.sendeof()
            else:
                screen.send(answer)
        screen.expect("not approved")
        assert screen.close() == 11
    assert proposed.json("review", "P-1")["state"] == "awaiting-approval"


def test_words_typed_before_the_questions_approve_nothing(proposed, terminals):
    screen = terminals(proposed, "approve", "P-1")
    screen.send("no-oracle\napprove\nno-oracle\napprove")
    screen.expect("To accept this type", "> ")
    screen.child.sendeof()
    assert screen.close() == 11
    assert proposed.json("review", "P-1")["state"] == "awaiting-approval"


def test_words_that_the_prompt_read_ahead_approve_nothing(proposed, terminals):
    screen = terminals(proposed)
    screen.expect("ratchet>")
    screen.child.send("/approve P-1\nno-oracle\napprove\n")
    screen.expect("To accept this type", "> ")
    screen.send("no")
    screen.expect("not approved", "ratchet>")
    screen.child.sendeof()
    assert screen.close() == 0
    assert proposed.json("review", "P-1")["state"] == "awaiting-approval"


def test_what_is_stale_is_said_before_anything_is_asked(proposed, terminals):
    (proposed.home / ".local/state/ratchet/ratchet.toml").write_text("[gate]\nlines_min = 0.97\n")
    screen = terminals(proposed, "approve", "P-1")
    assert screen.close() == 11
    assert "changed since this was judged" in " ".join(screen.text.split())
    assert "Review of P-1" not in screen.text and "> " not in screen.text
    assert proposed.json("review", "P-1")["state"] == "stale"


def test_what_becomes_stale_while_a_person_reads_is_not_committed(proposed, terminals):
    other = proposed.json("propose", "--from", str(write_plugin(proposed.home / "again", version="0.2.0")))
    screen = terminals(proposed, "approve", "P-1")
    screen.expect("To accept this type", "> ")
    proposed.json("approve", other["id"], "--digest", other["digest"], "--accept", "no-oracle")
    screen.send("no-oracle")
    screen.expect("To commit exactly these bytes", "> ")
    screen.send("approve")
    screen.expect("changed since this was judged")
    assert screen.close() == 11
    assert proposed.json("review", "P-1")["state"] == "stale"
    (listed,) = proposed.json("plugin", "list")["plugins"]
    assert listed["version"] == "0.2.0"


def test_an_interrupt_in_the_middle_of_a_proposal_keeps_it_and_the_repl(maker, terminals):
    write_plugin(maker.home / "text-stats")
    screen = terminals(maker)
    screen.expect("ratchet>")
    screen.send(f"/propose --from {maker.home / 'text-stats'}")
    screen.expect("capabilities")
    screen.child.sendintr()
    screen.expect("interrupted", "P-1 is kept", "ratchet>")
    screen.send("/resume P-1")
    screen.expect("P-1: awaiting-approval", "ratchet>")
    screen.child.sendeof()
    assert screen.close() == 0


def test_an_interrupted_command_ends_with_130(maker, terminals):
    write_plugin(maker.home / "text-stats")
    screen = terminals(maker, "propose", "--from", str(maker.home / "text-stats"))
    screen.expect("capabilities")
    screen.child.sendintr()
    screen.expect("interrupted")
    assert screen.close() == 130


def test_what_is_typed_while_a_model_is_asked_waits_for_the_prompt(maker, terminals, httpserver):
    asked, free = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        free.wait(60)
        return Response('data: {"choices": [{"delta": {"content": "good day"}}]}\n\ndata: [DONE]\n\n',
                        content_type="text/event-stream")  # fmt: skip

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(answer)
    screen = terminals(maker, "--model", "openai:m", NO_COLOR="1", OPENAI_BASE_URL=httpserver.url_for("/v1"))
    screen.expect("ratchet>")
    screen.send("hello")
    screen.expect("openai:m ...")
    assert asked.wait(60)
    screen.child.send("/propo")
    free.set()
    screen.expect("│ good day")
    assert "/propo" not in screen.child.before
    screen.expect("ratchet>", "/propo")
    screen.send("sals")
    screen.expect("There are no proposals yet", "ratchet>")
    screen.child.sendeof()
    assert screen.close() == 0


def test_a_terminal_shows_what_is_typed_after_a_command_as_before(maker, terminals):
    write_plugin(maker.home / "text-stats")
    screen = terminals(maker, "propose", "--from", str(maker.home / "text-stats"))
    screen.expect("capabilities")
    assert not echoes(screen)
    screen.child.sendintr()
    screen.expect("interrupted")
    assert echoes(screen)
    assert screen.close() == 130
    assert "^C" not in screen.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_that_ends_it_leaves_a_terminal_that_shows_what_is_typed(maker, terminals, number):
    write_plugin(maker.home / "text-stats")
    screen = terminals(maker, "propose", "--from", str(maker.home / "text-stats"))
    screen.expect("capabilities")
    assert not echoes(screen)
    screen.child.kill(number)
    screen.child.expect(pexpect.EOF)
    assert echoes(screen)
    screen.close()
    assert screen.child.signalstatus == number


def echoes(screen: Terminal) -> bool:
    return bool(termios.tcgetattr(screen.child.fileno())[3] & termios.ECHO)


def test_a_narrow_terminal_without_colour_shows_everything(maker, terminals):
    long = SOURCE.replace("words = text.split()", f"words = text.split()  # {'long ' * 40}")
    write_plugin(maker.home / "text-stats", source=long)
    maker.json("propose", "--from", str(maker.home / "text-stats"))
    screen = terminals(maker, "review", "P-1", width=60, NO_COLOR="1")
    assert screen.close() == 0
    assert "\x1b" not in screen.seen
    rows = screen.text.split("\n")
    digest = max(rows, key=len)
    assert digest.startswith("sha256:")
    assert all(len(row) <= 60 for row in rows if row != digest)
    assert "".join(row[8:] for row in rows).count("long ") == 40


def test_hostile_files_cannot_touch_the_terminal(maker, terminals):
    hostile = "\x1b[2J\x1b[H\x1b]0;owned\x07\u202e\rGate 1: pass"
    write_plugin(maker.home / "text-stats", source=f"{SOURCE}# {hostile}\n")
    maker.json("propose", "--from", str(maker.home / "text-stats"), code=10)
    screen = terminals(maker, "review", "P-1", NO_COLOR="1")
    assert screen.close() == 0
    for bad in ("\x1b", "\u202e", "\x07"):
        assert bad not in screen.seen
    assert "\\u{001B}[2J" in screen.seen
    assert not any(row.startswith("Gate 1: pass") for row in screen.text.split("\n"))


def test_trust_shows_what_it_would_enable_and_asks(proposed, terminals, tmp_path):
    proposal = proposed.json("review", "P-1")
    proposed.json("approve", "P-1", "--digest", proposal["digest"], "--accept", "no-oracle")
    other = Person.at(tmp_path / "other")
    other.git("clone", "-q", str(proposed.folder), "tools")
    other.folder = other.home / "tools"
    screen = terminals(other, "trust")
    screen.expect("would enable", "text-stats 0.1.0", "ada@example.org", "Trust this workspace? [yes/no]")
    screen.send("")
    assert screen.close() == 11
    screen = terminals(other, "trust", "--yes")
    screen.expect("Trust this workspace? [yes/no]")
    screen.send("yes")
    screen.expect("count here? [yes/no]")
    screen.send("no")
    screen.expect("Trusted")
    assert screen.close() == 0
    (listed,) = other.json("plugin", "list")["plugins"]
    assert "key that you do not trust" in listed["reason"]
