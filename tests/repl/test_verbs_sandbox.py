from __future__ import annotations

import io
import sys
from argparse import Namespace

from repl.cli import Options
from repl.progress import Progress
from repl.render import Screen
from repl.session import Session
from repl.verbs_sandbox import probe


def test_a_level_that_cannot_be_started_says_why_once(person, monkeypatch):
    for name, value in person.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "eryx", None)
    monkeypatch.chdir(person.home)
    session = Session(Options(), progress=Progress(quiet=True))
    stream = io.StringIO()
    try:
        probe(session, Namespace()).show(Screen(stream))
    finally:
        session.close()
    wasm = stream.getvalue().partition("wasm: ")[2].partition("container: ")[0].splitlines()
    assert wasm[:2] == ["not available", "  why   pyeryx is not installed."]
    assert wasm[2].startswith("  cure  Install the extra `wasm`")
    assert len(wasm) == 3
