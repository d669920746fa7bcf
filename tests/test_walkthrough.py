"""One plugin from nothing to rolled back, through the command line alone, as a script would do it."""

from __future__ import annotations

import json
import subprocess

import pytest

from .repl.person import SOURCE, TESTS, Person, write_plugin


@pytest.fixture
def person(tmp_path):
    return Person.at(tmp_path / "home")


def proposed(person: Person, **fields: str) -> dict:
    folder = write_plugin(person.home / fields.get("version", "0.1.0"), **fields)
    words = ["--change", "text-stats"] if fields.get("version", "0.1.0") != "0.1.0" else []
    return person.json("propose", "--from", str(folder), *words)


def approved(person: Person, proposal: dict) -> dict:
    accepted = [word for name in proposal["acknowledge"] for word in ("--accept", name)]
    return person.json("approve", proposal["id"], "--digest", proposal["digest"], *accepted)


def test_from_nothing_to_a_plugin_that_was_rolled_back_and_brought_back(person):
    made = person.json("init", "tools")
    person.folder = person.home / "tools"
    assert made["workspace"] == str(person.folder)
    assert person.json("trust")["trusted"] is True

    proposal = proposed(person)
    assert {"id", "state", "plugin", "version", "digest", "attempts", "model", "acknowledge", "gate", "cost"} <= set(
        proposal
    )
    assert (proposal["id"], proposal["state"], proposal["plugin"]) == ("P-1", "awaiting-approval", "text-stats")
    assert (proposal["version"], proposal["attempts"], proposal["model"]) == ("0.1.0", 1, "")
    assert proposal["acknowledge"] == ["no-oracle"]
    assert set(proposal["cost"]) == {"prompt_tokens", "completion_tokens", "money", "currency"}
    gate = proposal["gate"]
    assert (gate["verdict"], gate["digest"]) == ("pass", proposal["digest"])
    assert all({"name", "verdict", "applicable", "seconds", "figures", "findings"} <= set(s) for s in gate["stages"])
    assert person.git("status", "--porcelain") == ""

    shown = person.json("review", "P-1")
    assert {name: shown[name] for name in proposal} == proposal
    files = {file["path"]: file["content"] for file in shown["files"]}
    assert (files["plugin.py"], files["tests/test_plugin.py"]) == (SOURCE, TESTS)
    tried = person.json("try", "P-1", "stats", "one two")
    assert (tried["outcome"], tried["value"]) == ("completed", {"words": 2, "longest": "one"})
    assert person.json("call", "text-stats", "stats", "x", code=17)["error"]["kind"] == "not-found"

    commit = approved(person, proposal)
    assert {name: commit[name] for name in ("id", "state", "plugin", "version", "digest")} == {
        "id": "P-1", "state": "committed", "plugin": "text-stats", "version": "0.1.0", "digest": proposal["digest"],
    }  # fmt: skip
    assert person.git("rev-parse", "HEAD") == commit["commit"]
    assert person.git("status", "--porcelain") == ""
    assert sorted(person.git("show", "--name-only", "--format=", "HEAD").splitlines()) == sorted(
        ["audit_logs/decisions/text-stats.jsonl", *(f"plugins/text-stats/{path}" for path in files)]
    )
    assert recomputed(person) == proposal["digest"]

    called = person.json("call", "text-stats", "stats", "one", "two", "three")
    assert set(called) == {"outcome", "value", "detail", "usage"}
    assert set(called["usage"]) == {"wall_s", "cpu_s", "peak_memory_mb"}
    assert called["value"] == {"words": 3, "longest": "three"}
    assert person.json("call", "text-stats", "stats", "--args", '{"text": "a"}')["value"]["words"] == 1
    assert person.json("call", "text-stats", "stats", "-", given="a b\n")["value"]["words"] == 2

    back = person.json("rollback", "text-stats")
    assert (back["id"], back["state"], back["plugin"]) == ("P-1", "rolled-back", "text-stats")
    assert person.git("rev-parse", "HEAD") == back["commit"]
    assert not (person.folder / "plugins/text-stats").exists()
    assert "rolled back" in person.json("call", "text-stats", "stats", "x", code=17)["error"]["message"]
    again = person.json("redo", "text-stats")
    assert (again["id"], again["state"], again["digest"]) == ("P-1", "committed", proposal["digest"])
    assert person.json("call", "text-stats", "stats", "x")["outcome"] == "completed"
    assert person.json("redo", "text-stats", code=17)["error"]["id"] == "text-stats"

    audit = person.json("audit", "verify")
    assert {"ok", "scope", "decisions", "events", "missing", "problems"} <= set(audit)
    assert (audit["ok"], audit["scope"], audit["decisions"], audit["problems"]) == (True, "origin", 3, [])


def recomputed(person: Person) -> str:
    """The digest of the committed files, with coreutils."""
    script = (
        "git ls-files | LC_ALL=C sort | while read -r path; do "
        'printf "%s  %s\\n" "$(git cat-file blob "HEAD:./$path" | sha256sum | cut -d" " -f1)" "$path"; done | sha256sum'
    )
    folder = person.folder / "plugins/text-stats"
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    return f"sha256:{done.stdout.split()[0]}"


def test_a_change_goes_the_same_way_and_back_by_version(person):
    person.json("init", "tools")
    person.folder = person.home / "tools"
    approved(person, proposed(person))
    source = SOURCE.replace("return {", "return {")
    second = proposed(person, version="0.1.1", source=source.replace("text.split()", "text.split(None)"))
    assert (second["state"], second["version"]) == ("awaiting-approval", "0.1.1")
    difference = person.json("diff", second["id"])["diff"]
    assert "-    words = text.split()\n+    words = text.split(None)\n" in difference
    approved(person, second)
    assert person.json("plugin", "list")["plugins"][0]["version"] == "0.1.1"
    back = person.json("rollback", "text-stats", "--to", "0.1.0")
    assert (back["id"], back["now"]["version"]) == ("P-2", "0.1.0")
    states = {one["id"]: one["state"] for one in person.json("proposals")["proposals"]}
    assert states == {"P-1": "committed", "P-2": "rolled-back"}
    assert person.json("audit", "verify")["ok"] is True


def test_what_the_gate_refuses_is_printed_whole_and_cannot_be_approved(person):
    person.json("init", "tools")
    person.folder = person.home / "tools"
    folder = write_plugin(person.home / "bad", tests=TESTS.replace('"longest": "ab"', '"longest": "cd"'))
    refused = person.json("propose", "--from", str(folder), code=10)
    assert (refused["state"], refused["gate"]["verdict"]) == ("refused", "refuse")
    assert [stage["name"] for stage in refused["gate"]["stages"] if stage["verdict"] == "refuse"] == ["tests"]
    error = person.json("approve", "P-1", "--digest", refused["digest"], "--accept", "no-oracle", code=10)["error"]
    assert error["id"] == "P-1"
    assert person.git("log", "--oneline").count("\n") == 0
    write_plugin(person.home / "bad")
    revised = person.json("revise", "P-1", "--from", str(folder))
    assert (revised["id"], revised["state"], revised["attempts"]) == ("P-1", "awaiting-approval", 2)


def test_an_approval_names_everything_that_was_shown(person):
    person.json("init", "tools")
    person.folder = person.home / "tools"
    proposal = proposed(person)
    digest = proposal["digest"]
    wrong = "sha256:" + "0" * 64
    for words in (
        [],
        ["--digest", digest],
        ["--digest", wrong, "--accept", "no-oracle"],
        ["--digest", digest[:20], "--accept", "no-oracle"],
        ["--yes"],
        ["--yes", "--digest", digest],
    ):
        error = person.json("approve", "P-1", *words, code=11)["error"]
        assert error["id"] == "P-1"
    assert person.json("review", "P-1")["state"] == "awaiting-approval"
    approved(person, proposal)
    assert person.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle", code=11)["error"]


def test_a_clone_on_another_account_runs_nothing_until_it_is_trusted(person, tmp_path):
    person.json("init", "tools")
    person.folder = person.home / "tools"
    approved(person, proposed(person))
    other = Person.at(tmp_path / "other")
    subprocess.run(["git", "clone", "-q", str(person.folder), str(other.home / "tools")], check=True)
    other.folder = other.home / "tools"
    assert other.json("call", "text-stats", "stats", "x", code=16)["error"]["kind"] == "untrusted"
    assert other.json("propose", "anything", code=16)["error"]["kind"] == "untrusted"
    (listed,) = other.json("plugin", "list")["plugins"]
    assert (listed["status"], listed["reason"]) == ("not-loaded", "the workspace is not trusted")
    audit = other.json("audit", "verify")
    assert (audit["ok"], audit["scope"]) == (True, "clone")
    assert audit["missing"]
    error = other.json("trust", "--yes", code=11)["error"]
    digest = error["hint"].rpartition(" ")[2]
    assert other.json("trust", "--digest", "0" * 64, code=11)["error"]["kind"] == "stale"
    trusted = other.json("trust", "--digest", digest)
    assert [one["id"] for one in trusted["plugins"]] == ["text-stats"]
    assert other.json("call", "text-stats", "stats", "x y")["value"]["words"] == 2


def test_stream_json_tells_the_stages_as_they_run(person):
    person.json("init", "tools")
    person.folder = person.home / "tools"
    folder = write_plugin(person.home / "plugin")
    done = person.run("propose", "--from", str(folder), "--output-format", "stream-json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    stages = [event["name"] for event in events if event["type"] == "stage"]
    assert stages == [stage["name"] for stage in events[-1]["gate"]["stages"]]
    assert (events[-1]["type"], events[-1]["state"]) == ("result", "awaiting-approval")
