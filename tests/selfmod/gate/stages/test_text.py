"""Stage 1 refuses what a reader cannot see, and what no parser should be given."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from selfmod.candidate import Candidate
from selfmod.gate.stages.text import Text, check
from selfmod.gate.subject import Subject


def rules(data: bytes, path: str = "plugin.py") -> list[tuple[str, int]]:
    return [(item.rule, item.line) for item in check(Candidate(files={path: data}))]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbfx = 1\n", ("text.bom", 1)),
        (b"\xff\xfex\0", ("text.bom", 1)),
        (b"a\n\xff\n", ("text.not-utf8", 2)),
        (b"a = '\xed\xa0\x80'\n", ("text.not-utf8", 1)),
        (b"a = '\xc0\xaf'\n", ("text.not-utf8", 1)),
        (b"a\n\0\n", ("text.nul", 2)),
        (b"a\r\nb\n", ("text.line-ends", 1)),
        (b"a\nb\r\n", ("text.line-ends", 2)),
        (b"a\r\n\rb\r\n", ("text.control", 2)),
        (b"a\rb\n", ("text.control", 1)),
        (b"a\x0cb\n", ("text.control", 1)),
        (b"a\x0bb\n", ("text.control", 1)),
        (b"a\x1b[31m\n", ("text.control", 1)),
        (b"a\x7f\n", ("text.control", 1)),
        ("a\u0085\n".encode(), ("text.control", 1)),
        ("# \u202e\n".encode(), ("text.bidi", 1)),
        ("# \u2066\n".encode(), ("text.bidi", 1)),
        ("# \u200e\n".encode(), ("text.bidi", 1)),
        ("# a\u200bb\n".encode(), ("text.zero-width", 1)),
        ("# a\ufeffb\n".encode(), ("text.zero-width", 1)),
        ("# a\u00adb\n".encode(), ("text.zero-width", 1)),
        ("# \u3164\n".encode(), ("text.zero-width", 1)),
        ("# \ufe01\n".encode(), ("text.zero-width", 1)),
        ("# \U000e0101\n".encode(), ("text.zero-width", 1)),
        ("# \U000e0041\n".encode(), ("text.tag", 1)),
        ("# \u2028\n".encode(), ("text.hidden", 1)),
        ("# \u00a0\n".encode(), ("text.hidden", 1)),
        ("# \ue000\n".encode(), ("text.hidden", 1)),
        ("# \u0378\n".encode(), ("text.hidden", 1)),
        ("# \u2061\n".encode(), ("text.hidden", 1)),
        (b"#!/usr/bin/python\n# -*- coding: utf-7 -*-\n", ("text.coding-cookie", 2)),
        (b"# vim: set fileencoding=latin-1 :\n", ("text.coding-cookie", 1)),
        (b"x" * 2001 + b"\n", ("text.long-line", 1)),
        (b"a = 1\nb = 2" + b" " * 100 + b"- c\n", ("text.far-right", 2)),
        (b"b = 2" + b"\t" * 100 + b"- c\n", ("text.far-right", 1)),
        (b"b = (2\n" + b" " * 120 + b"- c)\n", ("text.far-right", 2)),
    ],
)
def test_each_rule_refuses_at_its_line(data: bytes, expected: tuple[str, int]) -> None:
    assert expected in rules(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a\r\n" * 30, "its lines end in CRLF, as on Windows"),
        (b"a\n" + b"a\r\n" * 2, "2 of its 3 lines end in CRLF, as on Windows"),
        (b"a\n" + b"a\r\n", "1 of its 2 lines ends in CRLF, as on Windows"),
    ],
)
def test_line_ends_are_one_finding_of_a_file(data: bytes, message: str) -> None:
    (found,) = check(Candidate(files={"README.md": data}))
    assert (found.message, found.hint) == (message, "save it with the line ends of Unix, LF")


def test_other_scripts_and_signs_are_fine_in_texts() -> None:
    text = "# Grüße, 日本語, עברית, naïve — “quotes” ✓ ❤️ 🎉\n\tx = 1\n"
    assert rules(text.encode()) == []
    assert rules(text.encode(), "README.md") == []
    assert rules(b"a\n\n# coding: is fun\n") == []


def test_inputs_of_tests_may_be_anything() -> None:
    assert rules(b"\xff\0\r", "tests/data/x.bin") == []
    assert rules(b"\xff", "tests/test_plugin.py") == [("text.not-utf8", 1)]


def test_many_findings_are_cut_off_in_bounded_time() -> None:
    started = time.perf_counter()
    found = rules("".join(f"\u200b{chr(0x4E00 + n % 20000)}\n" for n in range(30_000)).encode())
    assert len(found) == 20
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("def f(:\n", "text.syntax"),
        ("x = 1\n  y = 2\n", "text.syntax"),
        ("x = " + "(" * 250 + ")" * 250 + "\n", "text.nesting"),
        ("x = " + "[" * 120 + "]" * 120 + "\n", "text.nesting"),
        ("x = " + "-" * 5000 + "1\n", "text.nesting"),
        ("x = " + "+".join("a" * 300) + "\n", "text.nesting"),
        ("x = " + "a." * 3000 + "a\n", "text.nesting"),
        ("x = " + "9" * 5000 + "\n", "text.syntax"),
        ("def f(\u0430): return \u0430\n", "text.identifier"),
        ("import os as \u043es\n", "text.identifier"),
        ("class \u0391: pass\n", "text.identifier"),
        ("x.\u0430 = 1\n", "text.identifier"),
        ("f(\u0430=1)\n", "text.identifier"),
        ("def f():\n    global \u0430\n", "text.identifier"),
        ("match x:\n    case {**\u0430}: pass\n", "text.identifier"),
    ],
    ids=lambda value: value[:12].strip(),
)
def test_what_cannot_be_read_as_python(
    make_subject: Callable[..., Subject], good: dict[str, str], source: str, rule: str
) -> None:
    result = Text().run(make_subject(good | {"plugin.py": source}))
    assert result.verdict == "refuse"
    assert rule in {item.rule for item in result.findings}


def test_the_stage_passes_what_is_clean(make_subject: Callable[..., Subject], good: dict[str, str]) -> None:
    assert Text().run(make_subject(good)).findings == ()


def test_blanks_at_the_ends_of_a_line_and_in_texts_for_readers_are_fine() -> None:
    assert rules(b" " * 60 + b"x = 1" + b" " * 60 + b"\n") == []
    assert rules(b"| a" + b" " * 60 + b"| b |\n", "README.md") == []
