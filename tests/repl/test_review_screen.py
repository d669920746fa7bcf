from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from repl.render import Screen
from repl.review_screen import View, draw, draw_diff, unified
from selfmod.candidate import Candidate
from selfmod.gate.base import Finding, StageResult
from selfmod.gate.report import GateReport, Reach
from selfmod.gate.subject import Waiver
from selfmod.gate.thresholds import GATE_VERSION, Thresholds
from selfmod.proposal import Proposal
from selfmod.spec import Example, Spec

SOURCE = b"def run(text: str) -> int:\n    return len(text.split())\n"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def no_colour(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


def report(candidate: Candidate, **fields: object) -> dict[str, object]:
    made = {
        "digest": candidate.digest,
        "gate_version": GATE_VERSION,
        "thresholds": Thresholds(),
        "stages": (StageResult(name="layout", verdict="pass"),),
        "verdict": "pass",
        **fields,
    }
    return GateReport(**made).to_json()


def view(files: dict[str, bytes], *, previous: dict[str, bytes] | None = None, **fields: object) -> View:
    candidate = Candidate(files=files)
    judged = {name: fields.pop(name) for name in ("stages", "reach", "acknowledge", "verdict") if name in fields}
    made = {
        "id": "P-1",
        "spec": Spec(text="count"),
        "plugin": "words",
        "version": "0.1.0",
        "model": "replay",
        "state": "awaiting-approval",
        "digest": candidate.digest,
        "attempts": 2,
        **fields,
    }
    if "acknowledge" in judged:
        made["acknowledge"] = judged["acknowledge"]
    return View(
        proposal=Proposal(**made),
        candidate=candidate,
        report=report(candidate, **judged),
        previous=None if previous is None else Candidate(files=previous),
    )


def drawn(what: View, width: int = 80) -> str:
    screen = Screen(Terminal(), width=width)
    draw(screen, what)
    return screen.stream.getvalue()


def bordered(text: str) -> list[str]:
    """The text behind the borders, row by row."""
    return [match[1] for row in text.split("\n") if (match := re.match(r"^[^│┊]*[│┊] (.*)$", row))]


def test_every_byte_of_every_file_is_shown_and_the_digest_comes_last():
    files = {
        "plugin.py": SOURCE,
        "README.md": b"# Words\n\nLong: " + b"word " * 60 + b"\n",
        "tests/data/a.txt": b"no end",
    }
    what = view(files)
    text = drawn(what, width=60)
    shown = "".join(bordered(text))
    for data in files.values():
        for line in data.decode().splitlines():
            assert line in shown
    assert "no newline at its end" in text
    assert text.rstrip().split("\n")[-1] == what.candidate.digest
    assert all(len(row) <= 60 for row in text.rstrip().split("\n")[:-1])


HOSTILE = "x = 1  # \x1b[2K\x1b[1A\u202e }{ \u2066\u200b\r\x07\x9b\U000e0041 тест"


def test_no_file_can_move_the_cursor_hide_or_reorder_anything():
    text = drawn(view({"plugin.py": HOSTILE.encode() + b"\xff\n", "a\nApproved.md": b"x\n"}))
    for bad in ("\x1b", "\u202e", "\u2066", "\u200b", "\r", "\x07", "\x9b", "\U000e0041"):
        assert bad not in text
    assert "\\u{202E}" in text
    assert "\\xff" in text
    assert "\nApproved" not in text


def test_nothing_that_decides_can_be_misread():
    tricks = 'if a == "\u05d0" and b != "\u05d1" or c == "r\u043eot":'
    tricks += "  # e\u0301\u0302\u0303\u0304 \u0442\u0435\u0441\u0442\n"
    text = drawn(view({"plugin.py": tricks.encode()}, spec=Spec(text="As \u05d0 r\u043eot")))
    for bad in ("\u05d0", "\u05d1", "r\u043eot", "\u0303"):
        assert bad not in text
    flat = "".join(bordered(text))
    assert flat.count("\\u{05D0}") == 2 and flat.count("r\\u{043E}ot") == 2 and "\u0442\u0435\u0441\u0442" in flat


def test_what_a_candidate_says_never_stands_at_the_left_edge():
    claim = "Gate 1: pass\nsha256:" + "0" * 64
    text = drawn(view({"README.md": claim.encode() + b"\n"}, spec=Spec(text=claim)))
    rows = [row for row in text.split("\n") if "0" * 40 in row]
    assert len(rows) == 2
    assert all(re.match(r"^ *\d* *│ ", row) for row in rows)


def test_lines_that_no_test_ran_come_before_everything_about_the_files():
    missed = Finding(
        id="coverage.line:plugin.py:2", rule="coverage.line", message="never ran", path="plugin.py", line=2
    )
    text = drawn(
        view({"plugin.py": SOURCE}, stages=(StageResult(name="coverage", verdict="refuse", findings=(missed,)),))
    )
    assert text.index("Lines that no test ran") < text.index("new plugin.py")
    assert "return len(text.split())" in text[: text.index("Findings")]


def test_capabilities_are_side_by_side_with_what_is_new_and_what_could_flow():
    reach = Reach(
        declared=("network:api.example.org:443", "storage"),
        inferred=("network:api.example.org:443",),
        observed=("storage",),
        new=("storage",),
        flows=("can send ~/notes to api.example.org",),
        enforced=("network",),
    )
    text = drawn(view({"plugin.py": SOURCE}, reach=reach, acknowledge=("network:api.example.org:443", "no-oracle")))
    row = next(row for row in text.split("\n") if row.startswith("network:api.example.org:443"))
    assert row.split()[1:] == ["yes", "yes", "-"]
    row = next(row for row in text.split("\n") if row.startswith("storage"))
    assert row.split()[1:] == ["yes", "-", "yes", "new"]
    assert "can send ~/notes to api.example.org" in text
    assert "enforced, not proven" in text
    assert "takes a typed word: no-oracle" in text


def test_who_lets_a_plugin_write_a_file_is_told_that_it_may_read_it():
    assert "It may write ~/notes, and read it." in drawn(view({"plugin.py": SOURCE}, acknowledge=("write:~/notes",)))


def test_waivers_survivors_and_examples_are_shown():
    left = Finding(
        id="m:1", rule="mutation.survivor", message="unnoticed:\n-    return a\n+    return b", advisory=True
    )
    figures = {"survivors": 1, "mutants": 3, "questions": ["What should f(1) give?"]}
    stage = StageResult(name="mutation", verdict="pass", figures=figures, findings=(left,))
    spec = Spec(
        text="t", examples=(Example(source="f(1) == 2", kind="equals", function="f", call="f(1)", held_back=True),)
    )
    waiver = Waiver(finding="docs.x", reason="internal", digest="d")
    retired = Waiver(finding="oracle.previous:tests/test_plugin.py::test_a", reason="it was wrong", digest="d")
    text = drawn(view({"plugin.py": SOURCE}, stages=(stage,), spec=spec, waivers=(waiver, retired)))
    assert "+    return b" in bordered(text)
    assert "What should f(1) give?" in bordered(text)
    assert "revise P-1 --example" in text
    assert "1 of them never shown to the author" in text
    assert "docs.x: internal" in text and "1 finding waived" in text
    assert "tests/test_plugin.py::test_a: it was wrong" in text and "1 test of the approved version retired" in text


def test_a_change_shows_the_whole_new_file_with_the_removed_lines_beside_it():
    old = {"plugin.py": SOURCE, "gone.md": b"bye\n", "same.md": b"same\n"}
    new = {"plugin.py": SOURCE.replace(b"split()", b"split(None)"), "same.md": b"same\n"}
    what = view(new, previous=old)
    text = drawn(what)
    shown = bordered(text)
    assert "    return len(text.split())" in shown
    assert "    return len(text.split(None))" in shown
    assert "def run(text: str) -> int:" in shown
    assert "same" in shown
    for head in ("changed plugin.py", "removed gone.md", "unchanged same.md"):
        assert head in text
    screen = Screen(Terminal(), width=80)
    draw_diff(screen, what.candidate, what.previous)
    assert "same.md" not in screen.stream.getvalue()


def test_the_difference_as_text_is_a_patch():
    what = view({"plugin.py": b"a\nB\n", "new.md": b"n\n"}, previous={"plugin.py": b"a\nb\n"})
    assert unified(what.candidate, what.previous) == (
        "--- /dev/null\n+++ b/new.md\n@@ -0,0 +1 @@\n+n\n"
        "--- a/plugin.py\n+++ b/plugin.py\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n"
    )


def test_two_huge_files_are_compared_in_bounded_time():
    old = b"".join(b"x%d\n" % (number % 7) for number in range(30_000))
    new = b"".join(b"x%d\n" % (number % 5) for number in range(30_000))
    what = view({"plugin.py": new}, previous={"plugin.py": old})
    text = drawn(what)
    assert text.count("│ x") == 60_000


def test_figures_have_units_and_stand_in_one_order_however_a_report_was_stored():
    figures = {"value_killed": 5, "value": 0.625, "survivors": 3, "raw": 1.0, "mutants": 8, "killed": 8}
    cost = {"peak_memory_mb": 19.68, "call_s": 0.0032, "questions": ["no"]}
    stages = (
        StageResult(name="mutation", verdict="refuse", figures=figures),
        StageResult(name="cost", verdict="pass", figures=cost),
        StageResult(name="oracle", verdict="pass", figures={"independent": False, "examples": 0}),
    )
    shown = drawn(view({"plugin.py": SOURCE}, stages=stages), width=100)
    assert "  mutation      refused   changes 8, noticed 100 %, by assertions 62.5 %, unnoticed 3\n" in shown
    assert "  cost          ok        call 3.2 ms, peak memory 19.7 MB\n" in shown
    assert "  oracle        ok        examples 0, independent oracle no\n" in shown
    narrow = drawn(view({"plugin.py": SOURCE}, stages=stages), width=62)
    assert f"changes 8, noticed 100 %,\n{'':26}by assertions 62.5 %, unnoticed 3\n" in narrow


def test_a_survivor_is_named_so_that_it_can_be_waived():
    survivor = Finding(id="mutation.survivor:plugin.py:1", rule="mutation.survivor", message="-a\n+b", waivable=True)
    one = drawn(
        view({"plugin.py": SOURCE}, stages=(StageResult(name="mutation", verdict="refuse", findings=(survivor,)),))
    )
    assert "id: mutation.survivor:plugin.py:1  can be waived" in one
    assert "ratchet waive P-1 FINDING-ID --reason TEXT" in one
    accepted = replace(survivor, waived=True)
    other = drawn(
        view({"plugin.py": SOURCE}, stages=(StageResult(name="mutation", verdict="pass", findings=(accepted,)),))
    )
    assert "id: mutation.survivor:plugin.py:1  waived" in other
    assert "ratchet waive" not in other
    assert re.search(r"^  mutation +waived$", other, re.MULTILINE)


def test_only_a_model_is_said_not_to_have_seen_an_example():
    held = Example(source="f(1) == 2", kind="equals", function="f", call="f(1)", held_back=True)
    spec = Spec(text="t", examples=(held,))
    assert "never shown" in drawn(view({"plugin.py": SOURCE}, spec=spec))
    assert "never shown" not in drawn(view({"plugin.py": SOURCE}, spec=spec, model=""))
