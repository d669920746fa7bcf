"""What a person does about the gate: retire a wrong test, judge what is approved again, meet another threshold."""

from __future__ import annotations

import json

import pytest

from tests.repl.person import SOURCE, TESTS, write_plugin

LAST = SOURCE.replace("max(words, key", "max(reversed(words), key")
LAST_TESTS = TESTS.replace("first_of", "last_of").replace('"longest": "ab"', '"longest": "cd"')
WRONG = "oracle.previous:tests/test_plugin.py::test_first_of_equal_words_wins"


def findings(found):
    """The findings of an answer that are not only advice."""
    return [f for stage in found["gate"]["stages"] for f in stage["findings"] if not f["advisory"]]


def figures(report, name):
    (stage,) = [stage for stage in report["stages"] if stage["name"] == name]
    return stage["figures"]


@pytest.fixture
def approved(proposed):
    """A maker with text-stats 0.1.0 in force."""
    digest = proposed.json("review", "P-1")["digest"]
    proposed.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle")
    return proposed


def test_a_wrong_test_of_the_approved_version_is_retired_by_name_for_these_bytes_only(approved):
    folder = write_plugin(approved.home / "changed", version="0.1.1", source=LAST, tests=LAST_TESTS)
    words = ["propose", "take the last one", "--change", "text-stats", "--from", str(folder)]
    refused = approved.json(*words, code=10)
    (found,) = findings(refused)
    assert (found["id"], found["waivable"]) == (WRONG, False)
    assert f"waive ID {WRONG}" in found["hint"]
    assert approved.json("waive", "P-2", WRONG, code=2)["error"]["kind"] == "usage"
    assert approved.json("waive", "P-2", f"{WRONG}x", "--reason", "x", code=17)["error"]

    passed = approved.json("waive", "P-2", WRONG, "--reason", "the last one was meant")
    assert (passed["state"], passed["digest"]) == ("awaiting-approval", refused["digest"])
    assert figures(passed["gate"], "oracle")["previous_retired"] == 1
    assert [f["id"] for f in findings(passed) if f["waived"]] == [WRONG]
    shown = approved.run("review", "P-2").stdout
    assert "test_first_of_equal_words_wins: the last one was meant" in shown
    assert "1 test of the approved version retired" in shown

    accepted = [word for name in passed["acknowledge"] for word in ("--accept", name)]
    approved.json("approve", "P-2", "--digest", passed["digest"], *accepted)
    assert f"Waived: {WRONG} (the last one was meant)" in approved.git("log", "-1", "--format=%B")
    line = approved.git("show", "HEAD:audit_logs/decisions/text-stats.jsonl").splitlines()[-1]
    assert json.loads(line)["waivers"] == [{"finding": WRONG, "reason": "the last one was meant"}]
    events = approved.json("audit", "log")["events"]
    assert [event["fields"]["reason"] for event in events if event["kind"] == "waived"] == ["the last one was meant"]
    everything = approved.json("gate", "--all")
    assert figures(everything["plugins"]["text-stats"], "oracle")["previous_retired"] == 1


def test_retiring_a_test_holds_for_no_other_bytes(approved):
    folder = write_plugin(approved.home / "changed", version="0.1.1", source=LAST, tests=LAST_TESTS)
    approved.json("propose", "take the last one", "--change", "text-stats", "--from", str(folder), code=10)
    approved.json("waive", "P-2", WRONG, "--reason", "the last one was meant")
    (folder / "README.md").write_text((folder / "README.md").read_text() + "\nThe last of equal words wins.\n")
    again = approved.json("revise", "P-2", "--from", str(folder), code=10)
    assert [f["id"] for f in findings(again)] == [WRONG]


def test_everything_in_force_is_judged_again_and_stays_in_force_whatever_comes_out(approved):
    before = approved.git("rev-parse", "HEAD")
    found = approved.json("gate", "--all")
    assert (found["verdict"], list(found["plugins"])) == ("pass", ["text-stats"])
    (approved.home / ".local/state/ratchet/ratchet.toml").write_text("[gate]\ntests = 2\n")
    found = approved.json("gate", "--all", code=10)
    assert found["verdict"] == "refuse"
    (tests,) = [stage for stage in found["plugins"]["text-stats"]["stages"] if stage["name"] == "tests"]
    assert [f["rule"] for f in tests["findings"]] == ["tests.many"]
    assert found["plugins"]["text-stats"]["thresholds"]["tests"] == 2
    assert approved.json("call", "text-stats", "stats", "a b")["value"]["words"] == 2
    assert approved.git("rev-parse", "HEAD") == before
    assert approved.json("audit", "verify")["ok"] is True


def test_judging_everything_takes_no_path_and_needs_a_workspace(approved):
    assert approved.json("gate", "--all", str(approved.home), code=2)["error"]["kind"] == "usage"
    assert approved.json("gate", code=2)["error"]["kind"] == "usage"
    approved.folder = approved.home
    assert approved.json("gate", "--all", code=17)["error"]


def test_with_nothing_in_force_there_is_nothing_to_judge(proposed):
    assert proposed.json("gate", "--all") == {"verdict": "pass", "plugins": {}}


def test_a_waiver_is_kept_by_the_decision_and_holds_when_everything_is_judged_again(maker):
    folder = write_plugin(maker.home / "text-stats")
    (folder / "README.md").write_text("# text-stats\n")
    found = maker.json("propose", "--from", str(folder), code=10)
    while found["state"] == "refused":
        finding = next(f for f in findings(found) if not f["waived"])
        assert finding["waivable"], finding
        outcome = maker.run("waive", "P-1", finding["id"], "--reason", "for me alone", "--json")
        found = json.loads(outcome.stdout)
    waived = sorted(f["id"] for f in findings(found) if f["waived"])
    maker.json("approve", "P-1", "--digest", found["digest"], "--accept", "no-oracle")
    line = json.loads(maker.git("show", "HEAD:audit_logs/decisions/text-stats.jsonl"))
    assert sorted(one["finding"] for one in line["waivers"]) == waived
    body = maker.git("log", "-1", "--format=%B")
    assert all(f"Waived: {name} (for me alone)" in body for name in waived)
    assert maker.json("gate", "--all")["verdict"] == "pass"
