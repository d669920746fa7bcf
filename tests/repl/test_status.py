from __future__ import annotations

import queue
import subprocess
import sys
import threading

import pytest

from plugins.lock import hold
from repl import progress
from repl.cli import Options
from repl.names import safe
from repl.session import Session
from repl.status import Status, StatusBar
from selfmod.models.runtime import Progress, Runtime

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
    made = Session(Options(), progress=progress.Progress(quiet=True))
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


@pytest.fixture
def elsewhere(proposed):
    """Another workspace of the same person, on a branch of its own."""
    proposed.json("init", "../elsewhere")
    other = proposed.folder.parent / "elsewhere"
    subprocess.run(["git", "-C", other, "switch", "-q", "-c", "there"], check=True)
    return other


def test_the_bar_follows_into_another_workspace_while_the_model_is_built(session, elsewhere, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    runtime = Runtime()
    runtime.write(Progress(state="building", done=0.4))
    seen = queue.Queue()
    bar = StatusBar(session, lambda: seen.put(bar.status))
    with hold(tmp_path / "ratchet-runtime.lock", "the model's runtime"):
        bar.look()
        first = seen.get(timeout=30)
        session.enter(elsewhere)
        bar.look()
        then = seen.get(timeout=30)
        bar.close()
    assert (first.building, first.branch, first.pending) == ("building the embedded model 40%", "main", 1)
    assert (then.building, then.branch, then.pending) == ("building the embedded model 40%", "there", 0)


def test_a_look_that_is_wanted_during_another_is_not_lost(session, elsewhere):
    seen = queue.Queue()

    def changed():
        seen.put(bar.status)
        if session.root is None:
            session.enter(elsewhere)
            bar.look()

    bar = StatusBar(session, changed)
    bar.look()
    assert [seen.get(timeout=30).branch for _ in range(2)] == ["main", "there"]
    bar.close()


def test_the_bar_looks_in_the_background_and_says_when_it_has_looked(session):
    seen = threading.Event()
    bar = StatusBar(session, seen.set)
    bar.look()
    assert seen.wait(30)
    assert bar.status.pending == 1
    bar.close()
