"""What a person does about the gate: retire a wrong test, judge what is approved again, meet another threshold."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from selfmod.gate.thresholds import GATE_VERSION
from tests.repl.person import ROOT, SOURCE, TESTS, write_plugin

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
    assert "belong to a path" in approved.json("gate", "--all", "--example", "f(1) == 2", code=2)["error"]["message"]
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


OLDER = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); import selfmod.gate.thresholds as t; t.GATE_VERSION = '1'; "
    "from repl.__main__ import main; sys.exit(main())"
)


def test_what_an_older_gate_judged_is_stale_while_it_waits_and_in_force_once_it_is_committed(maker):
    def with_the_older_gate(*words):
        command = [sys.executable, "-P", "-c", OLDER, *words, "--json"]
        done = subprocess.run(
            command, cwd=maker.folder, env=maker.environment, capture_output=True, text=True, check=True, timeout=120
        )
        return json.loads(done.stdout)

    first = with_the_older_gate("propose", "--from", str(write_plugin(maker.home / "text-stats")))
    with_the_older_gate("approve", "P-1", "--digest", first["digest"], "--accept", "no-oracle")
    folder = write_plugin(maker.home / "text-other", id="text-other")
    pending = with_the_older_gate("propose", "--from", str(folder))
    assert pending["gate"]["gate_version"] == "1"

    words = ["approve", "P-2", "--digest", pending["digest"], "--accept", "no-oracle"]
    error = maker.json(*words, code=11)["error"]
    assert (error["kind"], error["hint"]) == ("stale", "judge it again with: ratchet resume P-2")
    assert f"the gate's version (1, now {GATE_VERSION}) changed" in error["message"]
    assert maker.json("review", "P-2")["state"] == "stale"
    assert maker.json("resume", "P-2")["gate"]["gate_version"] == GATE_VERSION
    assert maker.json(*words)["state"] == "committed"

    assert maker.json("call", "text-stats", "stats", "a b")["value"]["words"] == 2
    assert maker.json("audit", "verify")["ok"] is True
    both = maker.json("gate", "--all")["plugins"]
    named = {name: (one["approved_by_gate"], one["gate_version"]) for name, one in both.items()}
    assert named == {"text-stats": ("1", GATE_VERSION), "text-other": (GATE_VERSION, GATE_VERSION)}
    assert "text-stats 0.1.0, approved under gate 1" in maker.run("gate", "--all").stdout


def test_judging_everything_takes_no_path_and_needs_a_workspace(approved):
    assert approved.json("gate", "--all", str(approved.home), code=2)["error"]["kind"] == "usage"
    assert approved.json("gate", code=2)["error"]["kind"] == "usage"
    approved.folder = approved.home
    assert approved.json("gate", "--all", code=17)["error"]


@pytest.mark.parametrize("attempts", ["0", "-1", "101", "many"])
def test_a_bench_of_no_attempts_or_too_many_is_not_begun(maker, attempts):
    assert maker.json("gate", "bench", "--attempts", attempts, code=2)["error"]["kind"] == "usage"


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


# --- blind tests ---


@pytest.fixture
def asked(maker):
    """Ask a model that writes text-stats and then answers once more; returns the proposal, its money and its notes."""

    def ask(second, *, opted_in=True):
        folder = write_plugin(maker.home / "text-stats")
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        files = [{"path": str(path.relative_to(folder)), "content": path.read_text()} for path in paths]
        replies = maker.home / "replies.json"
        replies.write_text(json.dumps([json.dumps({"summary": "made", "files": files}), second]))
        if opted_in:
            text = f'[model]\nblind_tests = "openai:other, replay:{replies}"\n'
            (maker.home / ".local/state/ratchet/ratchet.toml").write_text(text)
        return maker.run("propose", "count words", "--id", "text-stats", "--model", f"replay:{replies}", "--json")

    return ask


AGREES = 'run("a bb") == {"words": 2, "longest": "bb"}'
DIFFERS = 'run("ab cd") == {"words": 2, "longest": "cd"}'


def test_tests_written_without_seeing_the_code_become_questions_and_never_a_refusal(asked, maker):
    done = asked(json.dumps({"tests": [AGREES, DIFFERS, "run(5) raises AttributeError"]}))
    found = json.loads(done.stdout)
    assert (done.returncode, found["state"]) == (0, "awaiting-approval")
    seen = figures(found["gate"], "oracle")
    assert (seen["blind_tests"], seen["blind_agreed"], seen["independent"]) == (3, 2, False)
    (question,) = seen["questions"]
    assert "run('ab cd')" in question and "Which is right?" in question
    assert found["acknowledge"] == ["no-oracle"]
    assert "By the words of the request alone" in maker.run("review", "P-1").stdout
    (attempt,) = (maker.home / ".local/state/ratchet/workspaces").glob("*/proposals/P-1/attempts/1")
    kept = json.loads((attempt / "blind.json").read_text())
    assert kept["digest"] == found["digest"]
    assert "def run" not in json.dumps(kept["request"]) and "split" not in json.dumps(kept["request"])
    costs = [json.loads((attempt / "outcome.json").read_text())["cost"], kept["cost"]]
    assert found["cost"]["completion_tokens"] == sum(cost["completion_tokens"] for cost in costs)
    (maker.home / "replies.json").unlink()
    assert maker.json("replay", "P-1")["same"] is True
    answered = maker.json("revise", "P-1", "--from", str(maker.home / "text-stats"), "--example", DIFFERS, code=10)
    assert {f["rule"] for f in findings(answered)} & {"oracle.example", "oracle.held-back", "tests.failed"}


def test_no_model_writes_blind_tests_unless_the_person_named_it(asked):
    found = json.loads(asked(json.dumps({"tests": [DIFFERS]}), opted_in=False).stdout)
    assert found["state"] == "awaiting-approval"
    assert "blind_tests" not in figures(found["gate"], "oracle")


def test_an_answer_without_tests_stops_nothing(asked):
    done = asked("I would rather not.")
    assert json.loads(done.stdout)["state"] == "awaiting-approval"
    assert "there are no blind tests" in done.stderr
