from __future__ import annotations

import io
import json

import pytest

from repl.progress import Progress, print_json
from selfmod.gate.base import StageResult


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def told(**options: object) -> tuple[str, list[dict]]:
    stream, events = Terminal(), []
    emit = events.append if options.pop("programs", False) else None
    progress = Progress(stream=stream, emit=emit, **options)
    progress.attempt(1, 5)
    progress.text("some text")
    progress.stage(StageResult(name="layout", verdict="refuse", seconds=0.25, figures={"files": 2}))
    progress.message("words", "log", {"text": "from \x1b[2J a plugin"})
    progress.done()
    return stream.getvalue(), events


def test_a_person_sees_candidates_and_stages(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    text, _ = told()
    assert "candidate 1 of at most 5" in text
    assert "layout        refused           250 ms" in text
    assert "│ words log: from \\u{001B}[2J a plugin" in text


@pytest.mark.parametrize("verdict", ["pass", "not-run"])
def test_a_stage_that_does_not_refuse_leaves_no_line_on_a_terminal_and_one_in_a_log(verdict):
    for stream, kept in ((Terminal(), False), (io.StringIO(), True)):
        progress = Progress(stream=stream)
        progress.stage(StageResult(name="tests", verdict=verdict, seconds=0.1))
        progress.done()
        lines = [line.rsplit("\r", 1)[-1] for line in stream.getvalue().split("\n")]
        assert any("tests" in line for line in lines) is kept


def test_the_stages_of_a_log_stand_in_columns():
    stream = io.StringIO()
    progress = Progress(stream=stream)
    for verdict in ("pass", "refuse", "not-run"):
        progress.stage(StageResult(name="tests", verdict=verdict, seconds=0.1))
    progress.stage(StageResult(name="compatibility", verdict="pass", seconds=12.3, applicable=False))
    assert len({len(line) for line in stream.getvalue().splitlines()}) == 1


def test_a_passing_line_is_wiped_before_the_next():
    text, _ = told()
    written = "  writing: 9 characters"
    assert f"{written}\r{' ' * len(written)}\r" in text


def test_an_interrupt_while_a_passing_line_is_written_leaves_nothing_of_it():
    class Interrupted(Terminal):
        def write(self, text):
            super().write(text)
            if "one" in text:
                raise KeyboardInterrupt
            return len(text)

    stream = Interrupted()
    progress = Progress(stream=stream)
    progress.passing("zero")
    with pytest.raises(KeyboardInterrupt):
        progress.passing("one more")
    progress.done()
    assert stream.getvalue().endswith("one more\r        \r")


def test_a_quiet_one_says_nothing():
    assert told(quiet=True)[0] == ""


def test_programs_get_events_in_place_of_text():
    text, events = told(programs=True, quiet=True)
    assert text == ""
    assert [event["type"] for event in events] == ["attempt", "text", "stage", "message"]
    assert events[2]["figures"] == {"files": 2}


def test_json_is_one_line_of_ascii():
    stream = io.StringIO()
    print_json({"text": "grün \u202e\x1b\ud800"}, stream)
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert line.isascii()
    assert "\x1b" not in line
    assert json.loads(line)["text"] == "grün \u202e\x1b\ud800"
