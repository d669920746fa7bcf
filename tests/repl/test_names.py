from __future__ import annotations

import io

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from repl.cli import Options
from repl.completion import VerbCompleter
from repl.lines import parse_line
from repl.names import greeted
from repl.progress import Progress
from repl.session import Session
from selfmod.models.runtime import Progress as Building

from .person import write_plugin


@pytest.mark.parametrize(
    ("now", "builds", "said"),
    [
        (Building(state="ready", done=1.0), True, ""),
        (Building(state="missing"), True, "built behind the prompt"),
        (Building(state="building", done=0.2), True, "built behind the prompt"),
        (Building(state="missing"), False, ""),
        (Building(state="failed", detail="there is no compiler"), True, "no embedded model: there is no compiler"),
    ],
)
def test_a_greeting_says_whether_the_embedded_model_can_be_asked(now, builds, said):
    lines = greeted(now, builds=builds)
    assert (said in lines[0]) if said else lines == []


def test_only_what_waits_for_approval_is_offered_to_approve(proposed, monkeypatch):
    monkeypatch.chdir(proposed.folder)
    for name, value in proposed.environment.items():
        monkeypatch.setenv(name, value)
    assert proposed.json("propose", "--from", str(write_plugin(proposed.home / "bad", source="x = 1\n")), code=10)
    session = Session(Options(), progress=Progress(stream=io.StringIO()))
    offered = {}
    for verb in ("approve", "review"):
        document = Document(f"/{verb} ")
        found = VerbCompleter(session).get_completions(document, CompleteEvent(completion_requested=True))
        offered[verb] = [one.text for one in found]
    session.close()
    assert offered == {"approve": ["P-1"], "review": ["P-2", "P-1"]}


def test_a_name_with_spaces_is_completed_in_quotes(proposed, monkeypatch):
    monkeypatch.chdir(proposed.folder)
    for name, value in proposed.environment.items():
        monkeypatch.setenv(name, value)
    session = Session(Options(), progress=Progress(stream=io.StringIO()))
    finding = {"id": "docs.x:it's a b", "message": "why", "waivable": True, "waived": False}
    session.store.put_report("P-1", 1, {"stages": [{"findings": [finding]}]})
    (found,) = VerbCompleter(session).get_completions(Document("/waive P-1 doc"), CompleteEvent())
    session.close()
    assert parse_line(f"/waive P-1 {found.text} --reason x").arguments.finding == "docs.x:it's a b"
