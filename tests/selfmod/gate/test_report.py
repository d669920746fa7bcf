"""The report: stable fields, a statement bound to all that was judged, and reading back what was written only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.version import VERSION
from selfmod.gate.base import StageResult, finding
from selfmod.gate.report import GateReport, Reach, ReportError, libraries
from selfmod.gate.thresholds import GATE_VERSION, Thresholds
from selfmod.gate.workers import PRELOAD

REPORT = GateReport(
    digest="sha256:" + "ab" * 32,
    gate_version=GATE_VERSION,
    thresholds=Thresholds(),
    stages=(
        StageResult(name="layout", verdict="pass", seconds=0.001, figures={"files": 4}),
        StageResult(
            name="mutation",
            verdict="refuse",
            figures={"survivors": ["x"], "raw": 0.5},
            findings=(finding("mutation.survivor", "x", path="plugin.py", line=3, hint="y"),),
        ),
        StageResult(name="docs", verdict="not-run"),
    ),
    verdict="refuse",
    acknowledge=("no-oracle", "network:a.org:443"),
    reach=Reach(declared=("network:a.org:443",), new=("network:a.org:443",)),
    plugin="text-stats",
    version="0.1.0",
    candidates_tried=3,
    seconds=0.5,
    libraries={"python": "3.11.7"},
    seeds={"mutation": 2**63 + 1},
)


def test_the_stable_fields_are_there() -> None:
    data = json.loads(json.dumps(REPORT.to_json()))
    assert data["verdict"] == "refuse"
    assert data["digest"] == REPORT.digest
    assert data["gate_version"] == GATE_VERSION
    assert [set(stage) for stage in data["stages"]] == [
        {"name", "verdict", "applicable", "seconds", "figures", "findings"}
    ] * 3
    found = data["stages"][1]["findings"][0]
    assert found.keys() >= {"id", "rule", "message", "path", "line", "waivable", "waived"}
    assert found["waivable"] is True
    assert data["acknowledge"] == ["no-oracle", "network:a.org:443"]


def test_it_reads_back_the_same() -> None:
    again = GateReport.from_json(json.loads(json.dumps(REPORT.to_json())))
    assert again == REPORT
    assert again.hash == REPORT.hash


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        inner: Any = data
        for part in parents:
            inner = inner[int(part)] if part.isdecimal() else inner[part]
        inner[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("verdict", "maybe"),
        _set("stages.0.verdict", "maybe"),
        _set("digest", 3),
        _set("stages.0.more", 1),
        _set("more", 1),
        _set("thresholds.more", 1),
        _set("seeds.mutation", "xyz"),
        _set("acknowledge", [1]),
        _set("stages", None),
    ],
)
def test_what_was_not_written_by_the_gate_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(json.dumps(REPORT.to_json()))
    change(data)
    with pytest.raises(ReportError):
        GateReport.from_json(data)


@pytest.mark.parametrize("data", [None, [], "x", {}, 3])
def test_other_data_is_refused(data: object) -> None:
    with pytest.raises(ReportError):
        GateReport.from_json(data)


def test_the_statement_has_the_form_and_the_binding() -> None:
    statement = REPORT.statement()
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "plugins/text-stats", "digest": {"sha256": "ab" * 32}}]
    predicate = statement["predicate"]
    assert predicate["result"] == "FAILED"
    assert (predicate["passedTests"], predicate["failedTests"]) == (["layout"], ["mutation"])
    assert re.fullmatch(r"[0-9a-f]{64}", predicate["configuration"][0]["digest"]["sha256"])


@pytest.mark.parametrize(
    "other",
    [
        replace(REPORT, digest="sha256:" + "cd" * 32),
        replace(REPORT, gate_version="other"),
        replace(REPORT, thresholds=Thresholds(lines_min=0.95)),
        replace(REPORT, stages=REPORT.stages[:2]),
        replace(REPORT, verdict="pass"),
        replace(REPORT, candidates_tried=4),
        replace(REPORT, libraries={"python": "3.12"}),
        replace(REPORT, seeds={}),
        replace(REPORT, reach=Reach()),
        replace(REPORT, acknowledge=()),
    ],
)
def test_the_hash_covers_everything(other: GateReport) -> None:
    assert other.hash != REPORT.hash
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", REPORT.hash)


def test_it_names_the_version_of_everything_that_judges() -> None:
    """Ratchet's own, and each package that a fork server of the gate holds before it forks."""
    held = {module.partition(".")[0] for modules in PRELOAD.values() for module in modules}
    packages = {"griffe": "griffelib", "ruamel": "ruamel.yaml"}
    theirs = {packages.get(name, name) for name in held - {"sandbox", "plugins", "selfmod"}}
    assert libraries().keys() == theirs | {"ratchet", "python", "RestrictedPython", "pydantic"}
    assert libraries()["ratchet"] == VERSION


def test_thresholds_only_tighten() -> None:
    person = Thresholds(lines_min=0.9, module_kb=64)
    workspace = Thresholds(lines_min=0.5, module_kb=32, mutation_raw_min=0.95, tests=10_000)
    both = person.tightened(workspace)
    assert (both.lines_min, both.module_kb, both.mutation_raw_min, both.tests) == (0.9, 32, 0.95, person.tests)
    assert both.digest != person.digest
