"""The REPL's own prompt, with keys from a pipe in place of a keyboard."""

from __future__ import annotations

import io
import json
import os
import stat

import pytest
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from repl.app import App
from repl.cli import Options
from repl.completion import VerbCompleter
from repl.progress import Progress
from repl.render import Screen
from repl.session import Session


@pytest.fixture
def session(maker, monkeypatch):
    monkeypatch.chdir(maker.folder)
    for name, value in maker.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_COLOR", "1")
    made = Session(Options(), progress=Progress(stream=io.StringIO()))
    yield made
    made.close()


def typed(session: Session, keys: str) -> tuple[int, str]:
    screen = Screen(io.StringIO())
    with create_pipe_input() as pipe:
        pipe.send_text(keys)
        code = App(session, keys=pipe, output=DummyOutput(), screen=screen).run()
    return code, screen.stream.getvalue()


def test_a_verb_a_mistake_and_leaving(session, capsys):
    code, text = typed(session, "/proposals\r/reveiw\r/exit\r")
    assert code == 0
    assert "There are no proposals yet. Make one: /propose SPEC" in text
    assert "Did you mean /review?" in capsys.readouterr().err


def test_hints_name_commands_as_they_are_typed_at_the_prompt(session, maker, capsys):
    text = typed(session, "/help trust\r/review P-9\r/exit\r")[1]
    assert "usage: /trust [DIR]" in text
    assert "hint: list them with: /proposals" in capsys.readouterr().err
    assert "hint: list them with: ratchet proposals" in maker.run("review", "P-9").stderr


@pytest.mark.parametrize("enter", ["\r", "\n"])
def test_both_ways_that_a_terminal_sends_enter_work(session, enter):
    assert "no proposals" in typed(session, f"/proposals{enter}/quit{enter}")[1]


def test_control_d_leaves_an_empty_line_only(session):
    code, text = typed(session, "/propos\x04als\r\x04")
    assert code == 0
    assert "no proposals" in text


def test_control_c_empties_the_line_and_then_says_how_to_leave(session):
    code, text = typed(session, "/proposals\x03\x03/exit\r")
    assert code == 0
    assert "no proposals" not in text
    assert "Ctrl-D or /exit leaves" in text


def test_alt_enter_and_a_backslash_begin_another_line(session, maker):
    replies = maker.home / "replies.json"
    replies.write_text(json.dumps(["first answer", "second answer"]))
    session.environment = {**os.environ, "RATCHET_MODEL": f"replay:{replies}"}
    code, _ = typed(session, "one\x1b\rtwo\rthree\\\rfour\r\x04")
    assert code == 0
    history = (maker.home / ".local/state/ratchet/history").read_text()
    assert "+one\n+two\n" in history
    assert "+three\n+four\n" in history


def test_what_the_model_says_stands_behind_a_border(session, maker):
    replies = maker.home / "replies.json"
    replies.write_text(json.dumps(["Committed \x1b[31mP-1\nerror: no"]))
    session.environment = {**os.environ, "RATCHET_MODEL": f"replay:{replies}"}
    text = typed(session, "hello\r\x04")[1]
    assert "│ Committed \\u{001B}[31mP-1\n│ error: no\n" in text


def test_a_small_model_is_introduced_once(session, maker):
    replies = maker.home / "replies.json"
    replies.write_text(json.dumps(["one", "two"]))
    session.environment = {**os.environ, "RATCHET_MODEL": f"replay:small:{replies}"}
    assert typed(session, "hello\rhello\r\x04")[1].count("This model is small") == 1


def test_history_is_private(session, maker):
    typed(session, "/proposals\r\x04")
    path = maker.home / ".local/state/ratchet/history"
    assert "+/proposals" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def offered(session: Session, text: str) -> list[str]:
    return [found.text for found in VerbCompleter(session).get_completions(Document(text), None)]


def test_the_tab_key_offers_verbs_options_choices_and_paths(session, maker):
    assert set(offered(session, "/re")) >= {"review", "reject", "redo", "resume", "revise", "replay"}
    assert offered(session, "/audit v") == ["audit verify"]
    assert "--digest" in offered(session, "/approve P-1 --d")
    assert offered(session, "/sandbox run f.py --level ") == ["process", "wasm", "container"]
    assert "plugins/" in offered(session, f"/gate {maker.folder}/pl")
    assert offered(session, "say /re") == []
    assert offered(session, "/model use lo") == ["local"]
    assert offered(session, "/plugin dialect json") == ["json", "json.decoder"]


def test_a_workspace_made_in_the_repl_is_worked_in_at_once(session, maker, monkeypatch):
    (maker.home / "empty").mkdir()
    monkeypatch.chdir(maker.home / "empty")
    text = typed(session, "/init new\r/proposals\r/config\r\x04")[1]
    assert "There are no proposals yet" in text
    assert f"{maker.home}/empty/new/ratchet.toml" in text


def test_a_workspace_made_from_within_another_is_the_one_that_is_worked_in(session, maker):
    text = typed(session, f"/init {maker.home}/second\r/config\r\x04")[1]
    assert f"{maker.home}/second/ratchet.toml" in text
    assert "Next: /propose SPEC" in text


def test_the_greeting_says_what_stands_in_the_way(session, maker, monkeypatch):
    assert "/help" in typed(session, "\x04")[1]
    monkeypatch.chdir(maker.home)
    session.forget()
    assert "/init DIR" in typed(session, "\x04")[1]
