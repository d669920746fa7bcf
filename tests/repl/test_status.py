from __future__ import annotations

import threading

import pytest

from repl.cli import Options
from repl.names import safe
from repl.progress import Progress
from repl.session import Session
from repl.status import Status, StatusBar

FULL = Status(model="local", pending=2, sandbox="sandbox: process", branch="main", building="building 40%", notice="")


@pytest.mark.parametrize("width", range(1, 80))
def test_the_bar_never_is_wider_than_the_screen(width):
    assert len(FULL.text(width)) <= width


def test_the_most_important_part_is_the_last_to_go():
    assert FULL.text(79) == " 2 to review · building 40% · local · main · sandbox: process"
    assert FULL.text(40) == " 2 to review · building 40% · local"
    assert FULL.text(13) == " 2 to review"


def test_a_branch_cannot_write_on_the_screen():
    assert "\x1b" not in Status(branch="a\x1b[2J\u202eb").text(60)


@pytest.fixture
def session(proposed, monkeypatch):
    monkeypatch.chdir(proposed.folder)
    for name, value in proposed.environment.items():
        monkeypatch.setenv(name, value)
    made = Session(Options(), progress=Progress(quiet=True))
    yield made
    made.close()


def test_it_shows_what_is_there(session, proposed):
    status = safe(session)
    assert (status.pending, status.branch, status.sandbox) == (1, "main", "sandbox: process")
    proposed.git("switch", "-q", "-c", "work/next")
    assert safe(session).branch == "work/next"
    proposed.git("switch", "-q", "--detach")
    assert safe(session).branch == proposed.git("rev-parse", "HEAD")[:9]


def test_settings_that_are_wrong_are_a_notice_and_no_crash(session, proposed):
    (proposed.home / ".local/state/ratchet/ratchet.toml").write_text("nonsense")
    assert "ratchet.toml" in safe(session).notice


def test_the_bar_looks_in_the_background_and_says_when_it_has_looked(session):
    seen = threading.Event()
    bar = StatusBar(session, seen.set)
    bar.look()
    assert seen.wait(30)
    assert bar.status.pending == 1
    bar.close()
