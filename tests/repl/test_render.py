from __future__ import annotations

import io

import pytest

from repl.render import Screen, chop, tolerant, wrap


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def terminal(width=60):
    return Screen(Terminal(), width=width)


def shown(screen):
    return screen.stream.getvalue()


def test_a_hint_of_two_lines_is_two_lines_under_each_other(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal()
    screen.hint("hint: ", "run: git a\nand: ratchet trust")
    screen.at_prompt = True
    screen.hint("hint: ", "run: ratchet trust, in /home/ratchet or there")
    assert shown(screen) == "hint: run: git a\n      and: ratchet trust\nhint: run: /trust, in /home/ratchet or there\n"


@pytest.mark.parametrize("number", [1, 123, 123456])
@pytest.mark.parametrize("width", [48, 60, 80])
def test_what_to_type_next_is_broken_before_a_command_and_not_within_it(monkeypatch, number, width):
    monkeypatch.setenv("NO_COLOR", "1")
    commands = [f"ratchet {verb} P-{number}" for verb in ("review", "approve", "revise", "reject")]
    screen = terminal(width)
    screen.next_steps(*commands)
    rows = shown(screen).splitlines()
    assert len(rows) > 1
    assert [row[:6] for row in rows] == ["Next: ", *["      "] * (len(rows) - 1)]
    assert all(len(row) <= width for row in rows)
    assert [one for row in rows for one in row[6:].rstrip(",").split(", ")] == commands


HOSTILE = "ok\x1b[2J\x1b]0;title\x07\u202eevil\u2066\u200b\x00\x9b31m\rapproved"


def test_nothing_that_moves_a_cursor_or_reorders_reaches_the_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal(200)
    screen.line(HOSTILE, (HOSTILE, "bold"))
    screen.foreign(HOSTILE)
    screen.foreign_piece(HOSTILE)
    screen.source([("1 ", HOSTILE, "")])
    screen.fields([(HOSTILE, HOSTILE)])
    screen.table([HOSTILE], [[HOSTILE]])
    text = shown(screen)
    for bad in ("\x1b]", "\x1b[2J", "\x07", "\u202e", "\u2066", "\u200b", "\x00", "\x9b", "\r"):
        assert bad not in text
    assert "\\u{202E}" in text
    assert "\\u{001B}" in text


def test_figures_too_wide_for_their_column_stand_below_it(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal(40)
    lead = (("  mutation      ", ""), ("ok        ", "green"))
    screen.row(*lead, values=["changes 46", "of these in results 84.4 %", "unnoticed 1"])
    screen.row(*lead, values=["changes 46", "unnoticed 1"])
    assert shown(screen).splitlines() == [
        "  mutation      ok",
        "    changes 46,",
        "    of these in results 84.4 %,",
        "    unnoticed 1",
        "  mutation      ok        changes 46,",
        "                          unnoticed 1",
    ]


def test_text_of_a_model_has_the_border_on_every_row(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal(40)
    screen.foreign("short\nApproved: everything is fine\n" + "x" * 200)
    rows = [row for row in shown(screen).split("\n") if row]
    assert len(rows) > 6
    assert all(row.startswith(("│ ", "┊ ")) for row in rows)
    assert sum(row.count("x") for row in rows) == 200


def test_a_stream_has_the_border_on_every_row_also_where_the_screen_wraps(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal(30)
    for piece in ("one ", "two\nthree", "y" * 100, "\n\n", "end"):
        screen.foreign_piece(piece)
    screen.line("mine")
    rows = shown(screen).rstrip("\n").split("\n")
    assert rows[-1] == "mine"
    assert all(row.startswith(("│ ", "┊ ")) for row in rows[:-1])
    assert all(len(row) <= 30 for row in rows)
    assert sum(row.count("y") for row in rows) == 100


def test_a_line_of_ours_cannot_be_broken_by_what_it_names():
    screen = terminal()
    screen.line("proposal ", "x\nApproved")
    assert "\nApproved" not in shown(screen)


def test_source_keeps_every_character_and_shows_tabs(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal(40)
    line = "    value = '" + "z" * 90 + "'\t# end  "
    screen.source([("   12 ", line, "")])
    rows = shown(screen).rstrip("\n").split("\n")
    text = "".join(row[8:] for row in rows)
    assert text == line.replace("\t", "→   ")


def test_a_pipe_gets_plain_lines_that_are_not_wrapped():
    stream = io.StringIO()
    screen = Screen(stream)
    screen.line(("word " * 60, "bold red"))
    screen.foreign("text of a plugin")
    screen.table(["a", "b"], [["1", "w " * 100]])
    lines = stream.getvalue().split("\n")
    assert lines[:2] == ["word " * 60, "│ text of a plugin"]
    assert "\x1b" not in stream.getvalue()


def test_a_result_is_alone_in_a_pipe_and_framed_in_a_terminal():
    stream = io.StringIO()
    Screen(stream, bare=True).result("a\nb\x1b")
    assert stream.getvalue() == "a\nb\\u{001B}\n"
    stream = Terminal()
    Screen(stream, bare=True, width=80).result("a")
    assert "│ " in stream.getvalue()


def test_colour_follows_no_color(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = terminal()
    coloured.line(("x", "red"))
    assert "\x1b[31m" in shown(coloured)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = terminal()
    plain.line(("x", "red"))
    assert "\x1b[31m" not in shown(plain)


def test_a_narrow_table_becomes_blocks_and_loses_nothing(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal(30)
    screen.table(["capability", "declared", "in code"], [["network:api.example.org:443", "yes", "no"]])
    text = shown(screen)
    assert all(len(row) <= 30 for row in text.split("\n"))
    assert "network:api.example.org:443" in "".join(row.strip() for row in text.split("\n")).replace("capability", "")


def test_a_stream_that_has_no_such_character_gets_its_number():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    screen = Screen(tolerant(stream))
    screen.foreign("grün →")
    screen.flush()
    assert raw.getvalue() == b"| gr\\xfcn \\u2192\n"


@pytest.mark.parametrize("room", [1, 7, 20])
def test_cutting_and_wrapping_lose_nothing(room):
    text = "some words and a-very-long-word-that-has-no-space 表示 end"
    assert "".join(chop(text, room if room > 1 else 2)) == text
    assert "".join(wrap(text, max(2, room))).replace(" ", "") == text.replace(" ", "")


def test_an_empty_result_is_an_empty_line():
    for bare, shown in ((True, "\n"), (False, "│ \n")):
        stream = io.StringIO()
        Screen(stream, bare=bare).result("")
        assert stream.getvalue() == shown
