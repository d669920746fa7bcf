"""The corpus is read as it is written, and the bench counts what the gate says, right and wrong."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.error_rate import told
from repl.gate_bench import _show
from repl.render import Screen
from sandbox.sandbox import Sandbox
from selfmod.gate.bench import CORPUS, Bench, NoCorpus, Rate, Tried, percentile, run_bench, variant
from selfmod.gate.corpus import CorpusError, read_corpus

GOOD = '''\
description: Double a number.
handler: double
example: double(2) == 4
held: double(-3) == -6
=== plugin.py
"""Doubles."""


def double(number: int) -> int:
    """Return twice the number."""
    return number * 2
=== tests/test_plugin.py
"""Tests of doubling."""

from plugin import double


def test_doubling() -> None:
    assert double(5) == 10
    assert double(0) == 0
'''
WRONG = """\
base: double-it
=== plugin.py (edit)
<<<
    return number * 2
---
    return number + 5
>>>
=== tests/test_plugin.py (edit)
<<<
    assert double(0) == 0
---
    assert double(0) == 5
>>>
"""
WRONG_TWICE = WRONG.replace("base: double-it", "base: twice")


def write(folder: Path, cases: dict[str, str]) -> Path:
    for name, text in cases.items():
        path = folder / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_case_has_its_files_its_manifest_and_its_examples(tmp_path: Path) -> None:
    (case,) = read_corpus(write(tmp_path, {"good/double-it": GOOD}))
    assert set(case.candidate.files) == {"plugin.py", "tests/test_plugin.py", "plugin.yaml", "README.md"}
    assert b"id: double-it\n" in case.candidate.files["plugin.yaml"]
    assert b"handler: double}" in case.candidate.files["plugin.yaml"]
    assert [(example.source, example.held_back) for example in case.spec.examples] == [
        ("double(2) == 4", False),
        ("double(-3) == -6", True),
    ]
    assert (case.kind, case.category) == ("good", "good")


def test_what_is_held_back_has_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = write(
        tmp_path, {"good/double-it": GOOD, "held-back/good/twice": GOOD, "held-back/bad/some/odd": WRONG_TWICE}
    )
    assert {case.name: case.held_back for case in read_corpus(folder)} == {
        "double-it": False,
        "twice": True,
        "some/odd": True,
    }
    with pytest.raises(CorpusError, match="same name"):
        read_corpus(write(tmp_path, {"held-back/good/double-it": GOOD}))


def test_a_case_can_change_another_one(tmp_path: Path) -> None:
    text = (
        "base: double-it\nversion: 0.2.0\nprevious: double-it\n"
        "=== README.md (append)\nMore.\n=== tests/test_plugin.py (delete)\n"
        "=== tests/data/x (escaped)\na\\x00\\xff\n=== tests/data/y (times 3)\nab\n"
    )
    cases = {
        case.name: case for case in read_corpus(write(tmp_path, {"good/double-it": GOOD, "bad/some/changed": text}))
    }
    changed, base = cases["some/changed"], cases["double-it"]
    assert changed.candidate.files["README.md"] == base.candidate.files["README.md"] + b"More.\n"
    assert "tests/test_plugin.py" not in changed.candidate.files
    assert changed.candidate.files["tests/data/x"] == b"a\x00\xff"
    assert changed.candidate.files["tests/data/y"] == b"ababab"
    assert b"version: 0.2.0\n" in changed.candidate.files["plugin.yaml"]
    assert changed.previous is not None
    assert changed.previous.digest == base.candidate.digest
    assert changed.spec.examples == base.spec.examples


@pytest.mark.parametrize(
    "text",
    [
        "colour: red\n=== plugin.py\n",
        "no head\n",
        "base: double-it\n=== plugin.py (edit)\n<<<\nnot there\n---\nx\n>>>\n",
        "base: double-it\nbase: other\n",
    ],
)
def test_a_broken_case_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(CorpusError):
        read_corpus(write(tmp_path, {"good/double-it": GOOD, "bad/some/broken": text}))


def test_the_corpus_is_large_and_a_third_is_held_back() -> None:
    cases = read_corpus(CORPUS)
    bad, good = [[case for case in cases if case.kind == kind] for kind in ("bad", "good")]
    assert len(bad) >= 150
    assert len(good) >= 120
    for part in (bad, good):
        assert sum(case.held_back for case in part) / len(part) > 0.3
    assert len({case.candidate.digest for case in cases}) == len(cases)


def test_rates_have_honest_intervals() -> None:
    low, high = Rate(hits=0, of=100).interval
    assert low == 0
    assert high == pytest.approx(0.037, abs=0.001)
    low, high = Rate(hits=50, of=100).interval
    assert [low, high] == pytest.approx([0.404, 0.596], abs=0.001)
    assert list(Rate(hits=3, of=3).interval) == pytest.approx([0.438, 1.0], abs=0.001)
    assert Rate(hits=0, of=0).interval == (0.0, 1.0)


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4], 95) == 4
    assert percentile([7], 50) == 7
    assert percentile([], 50) == 0


def tried(name: str, kind: str, *, accepted: bool, attempt: int = 0) -> Tried:
    return Tried(
        name=name,
        kind="good" if kind == "good" else "bad",
        category=kind,
        attempt=attempt,
        accepted=accepted,
        refused_by=(),
        rules=(),
        seconds=0.5,
    )


def test_right_and_wrong_verdicts_are_counted() -> None:
    bench = Bench(
        tried=(
            *(tried("g1", "good", accepted=True), tried("g2", "good", accepted=False)),
            *(tried("b1", "layout", accepted=False), tried("b1", "layout", accepted=False, attempt=1)),
            *(tried("b2", "tests", accepted=False), tried("b2", "tests", accepted=True, attempt=1)),
            tried("b3", "tests", accepted=True),
        )
    )
    assert (bench.catch().hits, bench.catch().of) == (2, 3)
    assert (bench.catch("tests").hits, bench.catch("tests").of) == (1, 2)
    assert (bench.false_refusals.hits, bench.false_refusals.of) == (1, 2)
    assert (bench.accepted_after(1).hits, bench.accepted_after(1).of) == (1, 3)
    assert (bench.accepted_after(2).hits, bench.accepted_after(2).of) == (1, 2)
    data = json.loads(json.dumps(bench.to_json()))
    assert {item["name"] for item in data["wrong"]} == {"g2", "b2", "b3"}
    assert data["false_acceptance_after"]["3"]["rate"] == pytest.approx(1 - (2 / 3) ** 3)
    assert data["caught"]["categories"]["layout"]["rate"] == 1
    assert data["ok"] is False
    assert data["seconds"] == {"p50": 0.5, "p95": 0.5}


def test_refusals_of_good_ones_are_told_by_stage_and_rule_and_reach(capsys: pytest.CaptureFixture[str]) -> None:
    def good(name: str, *refused_by: str, reaches: tuple[str, ...] = ()) -> Tried:
        rules = tuple(f"{stage}.rule" for stage in refused_by)
        plain = tried(name, "good", accepted=not refused_by)
        return replace(plain, refused_by=refused_by, rules=rules, reaches=reaches)

    bad = replace(tried("b", "layout", accepted=False), refused_by=("layout",), rules=("layout.path",))
    bench = Bench(
        tried=(
            *(good("g1"), good("g2", "mutation"), bad),
            good("g3", "mutation", "cost", reaches=("network",)),
            good("g4", reaches=("network", "storage")),
        )
    )
    figures = json.loads(json.dumps(bench.to_json()))

    def hits(part: str) -> dict[str, tuple[int, int]]:
        return {name: (rate["hits"], rate["of"]) for name, rate in figures["false_refusals"][part].items()}

    assert hits("stages") == {"cost": (1, 4), "mutation": (2, 4)}
    assert hits("rules") == {"cost.rule": (1, 4), "mutation.rule": (2, 4)}
    assert hits("reaches") == {"network": (1, 2), "nothing": (1, 2), "storage": (0, 1)}
    assert (figures["false_refusals"]["hits"], figures["false_refusals"]["of"]) == (2, 4)
    shown = io.StringIO()
    _show(Screen(shown), figures)
    told(figures)
    said = capsys.readouterr().out
    assert "by mutation.rule" in shown.getvalue()
    assert "that reach for network" in shown.getvalue()
    assert "by cost: 1" in said


def test_what_a_bench_must_keep() -> None:
    good = tuple(tried(f"g{number}", "good", accepted=True) for number in range(97))
    refused = tuple(tried(f"r{number}", "good", accepted=False) for number in range(4))
    bad = tried("b", "layout", accepted=False)
    assert Bench(tried=(*good, *refused[:3], bad)).ok
    assert not Bench(tried=(*good, *refused, bad)).ok
    assert not Bench(tried=(*good, bad, tried("b", "layout", accepted=True, attempt=1))).ok


def test_continuous_integration_fails_on_a_wrong_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    refused = tried("b", "layout", accepted=False)
    assert told(Bench(tried=(tried("g", "good", accepted=True), refused)).to_json()) == 0
    assert told(Bench(tried=(tried("g", "good", accepted=False), refused)).to_json()) == 1
    assert told(Bench(tried=(tried("hole", "layout", accepted=True), refused)).to_json()) == 1
    assert "wrong: hole: accepted" in capsys.readouterr().out


def test_continuous_integration_allows_three_refusals_in_a_hundred_and_no_fourth() -> None:
    def judged(refused: int) -> Bench:
        good = [tried(f"g{number}", "good", accepted=number >= refused) for number in range(100)]
        return Bench(tried=(tried("b", "layout", accepted=False), *good))

    assert told(judged(3).to_json()) == 0
    assert told(judged(4).to_json()) == 1


def test_the_bench_judges_with_the_real_gate(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "good/double-it": GOOD,
            "bad/wrong/plus-five": WRONG,
            "bad/mislabelled/fine": "base: double-it\n=== LICENSE\nMine.\n",
            "held-back/good/twice": GOOD,
        },
    )
    seen: list[str] = []
    both = [
        run_bench(sandbox, folder, held_back=held_back, attempts=2, on_case=lambda one: seen.append(one.name))
        for held_back in (False, True)
    ]
    judged = {(item.name, item.attempt): item for bench in both for item in bench.tried}
    assert sorted(seen) == sorted(name for name, _ in judged)
    assert judged["double-it", 0].accepted
    assert judged["wrong/plus-five", 0].refused_by == ("oracle",)
    assert judged["wrong/plus-five", 1].refused_by == ("oracle",)
    assert judged["mislabelled/fine", 0].wrong


def test_a_variant_has_another_digest_and_no_other_meaning() -> None:
    case = next(case for case in read_corpus(CORPUS) if case.kind == "good")
    assert variant(case.candidate, 0) is case.candidate
    assert len({variant(case.candidate, attempt).digest for attempt in range(4)}) == 4
    assert variant(case.candidate, 1).files["plugin.py"] == case.candidate.files["plugin.py"]


def test_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(NoCorpus, match="part of a checkout"):
        run_bench(None, tmp_path / "nothing")  # type: ignore[arg-type]
