from __future__ import annotations

import pytest

from selfmod.candidate import Candidate
from selfmod.gate.base import StageResult
from selfmod.gate.report import GateReport
from selfmod.gate.thresholds import GATE_VERSION, Thresholds
from selfmod.versions import first_step, honest_step, with_version


def manifest(text):
    return Candidate(files={"plugin.yaml": text.encode(), "plugin.py": b"version: 3\n"})


def report(needed="minor", before="1.2.3", verdict="refuse"):
    stage = StageResult(name="compatibility", verdict=verdict, figures={"needed": needed, "before": before})
    return GateReport(
        digest="sha256:0", gate_version=GATE_VERSION, thresholds=Thresholds(), stages=(stage,), verdict="refuse"
    )


@pytest.mark.parametrize("written", ["version: 9.9.9", "version:   '0.0.1'", 'version: "1"  # mine', "version: [1]"])
def test_a_new_plugin_begins_at_the_beginning(written):
    made = first_step(manifest(f"id: a\n{written}\nname: b\n"), None)
    assert made.files["plugin.yaml"] == b"id: a\nversion: 0.1.0\nname: b\n"
    assert made.files["plugin.py"] == b"version: 3\n"


@pytest.mark.parametrize("before", ["1.2.3", "'1.2.3'", '"1.2.3"'])
def test_a_change_takes_a_small_step(before):
    made = first_step(manifest("version: 1.2.3\n"), manifest(f"version: {before}\n"))
    assert made.files["plugin.yaml"] == b"version: 1.2.4\n"


@pytest.mark.parametrize("text", ["id: a\n", "version: 1.0.0\nversion: 2.0.0\n", "  version: 1.0.0\n", ""])
def test_what_has_no_one_line_for_it_stays(text):
    assert with_version(manifest(text), "0.1.0").files["plugin.yaml"] == text.encode()


def test_a_change_of_what_has_no_version_stays():
    assert first_step(manifest("version: 1.0.0\n"), manifest("id: a\n")).files["plugin.yaml"] == b"version: 1.0.0\n"


@pytest.mark.parametrize(("needed", "version"), [("patch", "1.2.4"), ("minor", "1.3.0"), ("major", "2.0.0")])
def test_the_gate_says_how_large_a_step_is_honest(needed, version):
    stepped = honest_step(manifest("version: 1.2.3\n"), report(needed))
    assert stepped.files["plugin.yaml"] == f"version: {version}\n".encode()
    assert honest_step(stepped, report(needed)) is None


@pytest.mark.parametrize(
    "told", [report(verdict="pass"), report(needed="none"), report(needed="huge"), report(before=3), report(needed=[1])]
)
def test_otherwise_no_step(told):
    assert honest_step(manifest("version: 1.2.3\n"), told) is None
