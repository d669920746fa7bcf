"""The verbs as a script calls them: JSON, exit codes, and what they leave behind."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys

import pytest

from plugins.capability import FORMS
from repl.verbs import find
from sandbox.language import DIALECT, TEST_DIALECT
from sandbox.language.modules import ALLOWED_IMPORTS, INSTEAD, public_names

from .person import ROOT, TESTS, write_plugin


def write_replies(person, *replies: str) -> str:
    path = person.home / "replies.json"
    path.write_text(json.dumps(replies))
    return f"replay:{path}"


# --- set up ---


def test_doctor_looks_at_everything(person):
    found = person.json("doctor")
    names = [check["name"] for check in found["checks"]]
    assert found["ok"] is True
    assert {"python", "git", "identity", "user state", "host key", "workspace", "sandbox process", "settings"} <= set(
        names
    )
    assert any(name.startswith("model ") for name in names)


def test_doctor_fails_where_git_does_not_know_the_person(person):
    (person.home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    found = person.json("doctor", code=16)
    (failed,) = [check for check in found["checks"] if check["level"] == "failed"]
    assert failed["name"] == "identity"
    assert "user.name" in failed["hint"]


def test_doctor_says_when_others_can_read_the_key(maker):
    (maker.home / ".local/state/ratchet/host_key").chmod(0o644)
    found = maker.json("doctor", code=16)
    assert [check["name"] for check in found["checks"] if check["level"] == "failed"] == ["host key"]


def test_config_shows_values_with_their_origin_and_no_secret(maker):
    (maker.home / ".local/state/ratchet/ratchet.toml").write_text("[budget]\nday_tokens = 7\n")
    with (maker.folder / "ratchet.toml").open("a") as file:
        file.write("\n[gate]\nlines_min = 0.95\nbranches_min = 0.5\n\n[model]\nbase_url = 'http://evil.example'\n")
    done = maker.run("config", "--json", OPENAI_API_KEY="sk-very-secret")
    assert "sk-very-secret" not in done.stdout + maker.run("config", OPENAI_API_KEY="sk-very-secret").stdout
    found = json.loads(done.stdout)
    assert found["secrets"]["OPENAI_API_KEY"] == "set"
    assert found["settings"]["budget.day_tokens"]["value"] == 7
    assert found["settings"]["gate.lines_min"]["value"] == 0.95
    assert found["settings"]["gate.branches_min"]["value"] == 0.9
    assert found["settings"]["model.base_url"] == {"value": "", "origin": "default"}
    assert len(found["notes"]) == 2


def test_a_settings_file_that_is_wrong_is_named_with_its_line(maker):
    (maker.home / ".local/state/ratchet/ratchet.toml").write_text("[budget]\n\nday_tokens = 'many'\n")
    error = maker.json("config", code=2)["error"]
    assert "ratchet.toml:3" in error["message"]


def test_making_a_workspace_twice_is_refused(maker):
    assert maker.json("init", code=16)["error"]["kind"] == "workspace"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[model]\nname = "local"\n'),
        ("[budget]\nday_tokens = 5\n", '[budget]\nday_tokens = 5\n\n[model]\nname = "local"\n'),
        ('[model]\nname = "x"  # mine\ntimeout_s = 9\n', '[model]\nname = "local"\ntimeout_s = 9\n'),
        ("[model]\ntimeout_s = 9\n[budget]\n", '[model]\nname = "local"\ntimeout_s = 9\n[budget]\n'),
        ('model.name = "x"\n', 'model.name = "local"\n'),
    ],
)
def test_the_model_in_use_is_changed_and_nothing_else_of_the_file(before, after):
    from repl.verbs_models import with_model

    assert with_model(before, "local", "file") == after


def test_a_model_is_chosen_listed_and_tested(maker):
    name = write_replies(maker, "hello")
    assert maker.json("model", "use", name)["model"] == name
    (chosen,) = [model for model in maker.json("model", "list")["models"] if model["chosen"]]
    assert chosen["name"] == name
    tested = maker.json("model", "test")
    assert (tested["model"], tested["text"]) == (name, "hello")


# --- the model ---


def test_a_name_without_a_provider_is_told_what_it_stands_for(maker, httpserver):
    httpserver.expect_request("/v1/chat/completions").respond_with_data("no", status=404)
    server = {"OPENAI_BASE_URL": httpserver.url_for("/v1")}
    used = json.loads(maker.run("model", "use", "nope:1b", "--json", **server).stdout)
    assert (used["model"], any("openai:nope:1b" in note for note in used["notes"])) == ("nope:1b", True)
    listed = json.loads(maker.run("model", "list", "--json", **server).stdout)["models"]
    assert [model["name"] for model in listed if model["chosen"]] == ["openai:nope:1b"]
    assert "nope is read as openai:nope" in maker.run("model", "test", "nope", **server).stderr
    done = maker.run("model", "test", "nope")
    assert (done.returncode, "openai:nope cannot be asked" in done.stderr) == (13, True)


def test_a_name_that_no_server_could_know_is_not_chosen(maker):
    error = maker.json("model", "use", "nosuch", code=2)["error"]
    assert "OPENAI_API_KEY" in error["message"]
    assert "openai:nosuch" in error["hint"]
    assert [model["name"] for model in maker.json("model", "list")["models"] if model["chosen"]] == ["local"]
    notes = maker.json("model", "use", "openai:nosuch")["notes"]
    assert any("OPENAI_API_KEY" in note for note in notes)


def test_where_there_is_no_proposal_no_hint_speaks_of_one(maker, httpserver):
    httpserver.expect_request("/v1/chat/completions").respond_with_data(status=429, headers={"Retry-After": "86400"})
    server = {"OPENAI_BASE_URL": httpserver.url_for("/v1"), "OPENAI_API_KEY": "k"}
    done = maker.run("--model", "openai:m", "-p", "hello", **server)
    assert done.returncode == 13
    assert "86400 s" in done.stderr
    assert "ask again" in done.stderr
    assert "proposal" not in done.stderr


def test_what_is_said_goes_to_the_model(maker):
    name = write_replies(maker, "good \x1b[2Jday")
    done = maker.run("--model", name, "-p", "hello")
    assert (done.returncode, done.stdout) == (0, "good \\u{001B}[2Jday\n")
    answer = json.loads(maker.run("--model", name, "-p", "hello", "--json").stdout)
    assert answer["text"] == "good \x1b[2Jday"
    events = [json.loads(line) for line in
              maker.run("--model", name, "-p", "hi", "--output-format", "stream-json").stdout.splitlines()]  # fmt: skip
    assert "".join(event["text"] for event in events[:-1]) == events[-1]["text"]
    assert events[-1]["type"] == "result"


def test_a_model_that_cannot_be_asked_is_13_and_the_proposal_can_be_resumed(maker):
    name = write_replies(maker)
    error = maker.json("propose", "double(x: int) -> int: twice x", "--model", name, code=13)["error"]
    assert error["id"] == "P-1"
    assert maker.json("proposals")["proposals"][0]["state"] == "drafting"
    assert maker.json("-p", "hello", "--model", name, code=13)["error"]["kind"].startswith("model")


def test_a_spent_budget_is_14(maker):
    (maker.home / ".local/state/ratchet/ratchet.toml").write_text("[budget]\nday_tokens = 1\n")
    name = write_replies(maker, "x")
    assert maker.json("propose", "double(x: int) -> int: twice x", "--model", name, code=14)["error"]["id"] == "P-1"
    assert maker.json("-p", "hello", "--model", name, code=14)["error"]["kind"] == "budget"


def test_a_model_writes_a_plugin_from_standard_input(maker):
    folder = write_plugin(maker.home / "text-stats")
    files = [
        {"path": str(path.relative_to(folder)), "content": path.read_text()}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    name = write_replies(maker, json.dumps({"summary": "made", "files": files}))
    words = ["propose", "-", "--model", name, "--example", 'run("a b") == {"words": 2, "longest": "a"}']
    found = maker.json(*words, given="count the words of a text")
    assert (found["state"], found["model"], found["attempts"]) == ("awaiting-approval", name, 1)
    assert maker.json("replay", "P-1")["same"] is True
    assert "count the words of a text" in maker.run("review", "P-1").stdout


# --- a proposal ---


def test_a_finding_is_waived_with_a_reason_for_these_bytes_only(maker):
    folder = write_plugin(maker.home / "text-stats")
    (folder / "README.md").write_text("# text-stats\n")
    refused = maker.json("propose", "--from", str(folder), code=10)
    findings = [f for stage in refused["gate"]["stages"] for f in stage["findings"] if f["waivable"]]
    assert findings
    assert maker.json("waive", "P-1", "docs.nothing", "--reason", "x", code=17)["error"]
    assert maker.json("waive", "P-1", findings[0]["id"], code=2)["error"]["kind"] == "usage"
    for finding in findings[:-1]:
        maker.json("waive", "P-1", finding["id"], "--reason", "internal", code=10)
    done = maker.json("waive", "P-1", findings[-1]["id"], "--reason", "internal")
    assert done["state"] == "awaiting-approval"
    assert "internal" in maker.run("review", "P-1").stdout
    (folder / "README.md").write_text("# text stats\n")
    assert maker.json("revise", "P-1", "--from", str(folder), code=10)["state"] == "refused"


def test_the_editor_works_on_a_private_copy(proposed):
    script = proposed.home / "editor"
    script.write_text('#!/bin/sh\nstat -c %a .. > "$HOME/mode"\necho "$@" > "$HOME/names"\n'
                      "echo talk\nsed -i 's/Counts the words/Counts all words/' README.md\n")  # fmt: skip
    script.chmod(0o755)
    before = proposed.json("review", "P-1")["digest"]
    done = proposed.run("edit", "P-1", "--json", EDITOR=str(script))
    after = json.loads(done.stdout)
    assert after["state"] == "awaiting-approval"
    assert after["digest"] != before
    assert (proposed.home / "mode").read_text() == "700\n"
    assert (proposed.home / "names").read_text().split()[0] == "./plugin.py"
    assert list((proposed.home / ".local/state/ratchet/edit").iterdir()) == []
    failed = proposed.run("edit", "P-1", "--json", EDITOR="false")
    assert (failed.returncode, json.loads(failed.stdout)["error"]["kind"]) == (16, "state")
    assert proposed.json("review", "P-1")["digest"] == after["digest"]


@pytest.mark.parametrize("editor", ["", " ", '"', "'x"])
def test_no_editor_is_started_without_a_terminal_or_a_command(proposed, editor):
    done = proposed.run("edit", "P-1", "--json", EDITOR=editor)
    assert (done.returncode, json.loads(done.stdout)["error"]["kind"]) == (2, "usage"), done.stderr


def test_no_editor_is_started_for_what_cannot_be_changed_any_more(proposed):
    proposed.json("reject", "P-1", "--reason", "no")
    done = proposed.run("edit", "P-1", "--json", EDITOR="sh -c 'touch ~/started'")
    assert (done.returncode, (proposed.home / "started").exists()) == (2, False), done.stderr


def test_export_writes_a_new_folder_and_never_outside_of_it(proposed):
    target = proposed.home / "out"
    found = proposed.json("export", "P-1", str(target))
    assert sorted(found["files"]) == sorted(
        str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()
    )
    assert stat.S_IMODE((target / "plugin.py").stat().st_mode) & 0o111 == 0
    assert proposed.json("export", "P-1", str(target), code=16)["error"]["id"] == "P-1"
    for path in ("../outside", "/etc/outside", "a/../../outside", "./x", "a//b"):
        bundle = proposed.home / "bundle.json"
        bundle.write_text(json.dumps({"files": [{"path": path, "content": "x"}]}))
        refused = proposed.json("propose", "--from", str(bundle), code=10)
        assert proposed.json("export", refused["id"], str(proposed.home / "hostile"), code=16)
    assert not (proposed.home / "outside").exists()


def test_a_rejected_proposal_keeps_its_reason(proposed):
    found = proposed.json("reject", "P-1", "--reason", "not this")
    assert (found["state"], found["reason"]) == ("rejected", "not this")
    events = proposed.json("audit", "log")["events"]
    assert [event["kind"] for event in events] == ["proposed", "judged", "rejected"]
    assert proposed.json("audit", "log", "--limit", "1")["events"] == events[-1:]
    assert proposed.json("audit", "show", "P-1")["events"]
    assert proposed.json("audit", "show", "nothing", code=17)["error"]["kind"] == "not-found"


def test_what_does_not_exist_is_17(maker):
    for words in (
        ["review", "P-9"], ["diff", "P-9"], ["approve", "P-9", "--digest", "0" * 64],
        ["resume", "P-9"], ["replay", "P-9"],
        ["reject", "P-9", "--reason", "x"], ["edit", "P-9"], ["try", "P-9", "x"], ["revise", "P-9", "x"],
        ["export", "P-9", "out"], ["waive", "P-9", "x", "--reason", "x"], ["rollback", "gone"], ["redo", "gone"],
        ["call", "gone", "x"], ["plugin", "info", "gone"], ["propose", "--from", "gone"],
        ["propose", "x", "--change", "gone"],
    ):  # fmt: skip
        assert maker.json(*words, code=17)["error"]["message"], words


def test_a_file_of_arguments_that_is_not_there_is_17_as_well(proposed):
    error = proposed.json("try", "P-1", "stats", "@gone.txt", code=17)["error"]
    assert error["message"] == f"cannot read {proposed.folder}/gone.txt: No such file or directory"
    (proposed.folder / "bytes").write_bytes(b"ab\xff")
    error = proposed.json("try", "P-1", "stats", "@bytes", code=2)["error"]
    assert error["message"] == f"{proposed.folder}/bytes is no text: invalid start byte at byte 2"


def test_an_approval_takes_only_the_words_that_there_are(proposed):
    digest = proposed.json("review", "P-1")["digest"]
    words = ["approve", "P-1", "--digest", digest, "--accept", "no-oracle"]
    error = proposed.json(*words, "--accept", "no-orakle", code=2)["error"]
    assert (error["message"], error["hint"]) == (
        "--accept no-orakle: this approval takes no such word", "it takes: no-oracle"
    )  # fmt: skip
    assert proposed.json(*words, "--accept", "storage")["state"] == "committed"


def test_what_cannot_be_resumed_is_told_the_way_on(maker):
    folder = write_plugin(maker.home / "text-stats", tests="def test_nothing():\n    assert True\n")
    assert maker.json("propose", "--from", str(folder), code=10)["state"] == "refused"
    error = maker.json("resume", "P-1", code=2)["error"]
    assert error["hint"] == "work on it with: ratchet revise P-1 TEXT, or: ratchet edit P-1"


def test_git_in_the_wrong_state_is_16(proposed):
    digest = proposed.json("review", "P-1")["digest"]
    words = ["approve", "P-1", "--digest", digest, "--accept", "no-oracle"]
    (proposed.folder / "plugins/text-stats").mkdir()
    (proposed.folder / "plugins/text-stats/mine.txt").write_text("mine")
    assert proposed.json(*words, code=16)["error"]["kind"] == "conflict"
    assert (proposed.folder / "plugins/text-stats/mine.txt").read_text() == "mine"
    (proposed.folder / "plugins/text-stats/mine.txt").unlink()
    lock = proposed.folder / ".git/index.lock"
    lock.write_text("")
    assert proposed.json(*words, code=16)["error"]["kind"] == "locked"
    lock.unlink()
    assert proposed.json(*words)["state"] == "committed"


def test_a_changed_threshold_makes_a_proposal_stale_and_resume_judges_it_again(proposed):
    digest = proposed.json("review", "P-1")["digest"]
    words = ["approve", "P-1", "--digest", digest, "--accept", "no-oracle"]
    (proposed.home / ".local/state/ratchet/ratchet.toml").write_text("[gate]\nlines_min = 0.97\n")
    assert proposed.json(*words, code=11)["error"]["kind"] == "stale"
    assert proposed.json("review", "P-1")["state"] == "stale"
    assert proposed.json("resume", "P-1")["state"] == "awaiting-approval"
    assert proposed.json(*words)["state"] == "committed"


def test_a_broken_record_is_15(proposed):
    digest = proposed.json("review", "P-1")["digest"]
    proposed.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle")
    (log,) = (proposed.folder / "audit_logs/events").iterdir()
    log.write_text(log.read_text().replace("text-stats", "text-stat5"))
    found = proposed.json("audit", "verify", code=15)
    assert found["ok"] is False
    assert {"kind", "where", "message"} <= set(found["problems"][0])


# --- looking ---


def test_gate_answers_for_anything(person):
    folder = write_plugin(person.home / "text-stats")
    good = person.json("gate", str(folder))
    assert good["verdict"] == "pass"
    figures = {stage["name"]: stage["figures"] for stage in good["stages"]}
    assert {"lines", "branches"} <= set(figures["coverage"])
    assert {"mutants", "killed", "value_killed", "raw", "value", "survivors"} <= set(figures["mutation"])
    assert figures["tests"] == {"collected": 3, "passed": 3}
    (folder / "tests/test_plugin.py").write_text(TESTS.replace("3", "4"))
    bad = person.json("gate", str(folder), code=10)
    assert bad["verdict"] == "refuse"
    finding = next(f for stage in bad["stages"] for f in stage["findings"])
    assert {"id", "rule", "message", "path", "line", "waivable", "waived"} <= set(finding)
    for content in (b"", b"\x00\xff", b"[]", b'{"files": []}', b"{" * 5000):
        (person.home / "file.json").write_bytes(content)
        assert person.json("gate", str(person.home / "file.json"), code=10)["verdict"] == "refuse"


KEEPER = '''\
"""Keeps a count."""

from plugins.sdk import storage


def run(text: str) -> int:
    """Return how often a text was seen; words in small letters are the same."""
    count = int(storage.get(plain(text), 0)) + 1
    storage.set(plain(text), count)
    return count


def plain(text: str) -> str:
    """Return a text in small letters."""
    return text.lower()
'''
KEEPER_TESTS = """\
from plugins.sdk import testing

from plugin import plain, run


def test_it_counts():
    with testing.outside(storage={"a": 4}) as seen:
        assert run("A") == 5
        assert run("b") == 1
    assert seen.storage == {"a": 5, "b": 1}


def test_letters():
    assert plain("Ab") == "ab"
"""


def test_gate_takes_examples_of_what_the_request_allows(person):
    folder = write_plugin(person.home / "text-stats", source=KEEPER, tests=KEEPER_TESTS)
    with (folder / "plugin.yaml").open("a") as manifest:
        manifest.write("capabilities: {storage: true}\n")
    words = ["gate", str(folder), "--example", 'plain("X") == "x"']
    report = person.json(*words, code=10)
    assert {f["rule"] for stage in report["stages"] for f in stage["findings"] if not f["advisory"]} == {
        "capabilities.beyond-spec"
    }
    report = person.json(*words, "--allow", "storage")
    assert next(s["figures"]["examples_judged"] for s in report["stages"] if s["name"] == "oracle") == 1
    assert person.json("gate", str(folder), "--allow", "environment:A", code=10)["verdict"] == "refuse"
    for verb in (["gate", str(folder)], ["propose", "x"]):
        error = person.json(*verb, "--allow", "store", code=2)["error"]
        assert "environment:NAME" in error["message"]


def test_a_request_is_widened_by_the_person_who_made_it(maker):
    folder = write_plugin(maker.home / "text-stats", source=KEEPER, tests=KEEPER_TESTS)
    with (folder / "plugin.yaml").open("a") as manifest:
        manifest.write("capabilities: {storage: true}\n")
    refused = maker.run("propose", "Count texts", "--from", str(folder))
    assert "Next: ratchet revise P-1 --allow storage, ratchet revise P-1 TEXT" in refused.stdout
    assert maker.json("revise", "P-1", "--allow", "store", code=2)["error"]["kind"] == "usage"
    revised = maker.json("revise", "P-1", "--allow", "storage", "--allow", "environment:TOKEN")
    assert (revised["state"], revised["acknowledge"]) == ("awaiting-approval", ["no-oracle", "storage"])
    assert "may use at most  storage, environment:TOKEN\n" in maker.run("review", "P-1").stdout
    digest = revised["digest"]
    maker.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle", "--accept", "storage")
    shown = maker.json("audit", "show", "P-1")
    assert [decision["capabilities"] for decision in shown["decisions"]] == [["storage"]]
    allowed = {e["kind"]: e["fields"]["allow"] for e in shown["events"] if e["kind"] in ("proposed", "revised")}
    assert allowed == {"proposed": [], "revised": ["storage", "environment:TOKEN"]}
    assert "P-1  text-stats  storage, environment:TOKEN\n" in maker.run("audit", "log").stdout


def test_a_request_is_widened_with_other_files_too(maker):
    folder = write_plugin(maker.home / "text-stats")
    assert maker.json("propose", "--from", str(folder))["state"] == "awaiting-approval"
    write_plugin(folder, source=KEEPER, tests=KEEPER_TESTS)
    with (folder / "plugin.yaml").open("a") as manifest:
        manifest.write("capabilities: {storage: true}\n")
    assert maker.json("revise", "P-1", "--from", str(folder), code=10)["state"] == "refused"
    revised = maker.json("revise", "P-1", "--allow", "storage", "--from", str(folder))
    assert revised["state"] == "awaiting-approval"


def test_every_name_of_a_capability_is_in_the_help():
    for verb in ("propose", "revise", "gate"):
        found, _ = find([verb])
        (said,) = [argument.help for argument in found.arguments if argument.name == "--allow"]
        assert said.endswith(", ".join(FORMS))


def test_the_dialect_is_that_of_the_policy(person):
    shown = person.json("plugin", "dialect")
    assert (shown["plugins"], shown["tests"]) == (DIALECT, TEST_DIALECT)
    assert {*shown["modules"], "sdk", "__future__"} == ALLOWED_IMPORTS
    assert all(set(names) == public_names(name) for name, names in shown["modules"].items())
    assert person.json("plugin", "dialect", "bisect")["modules"] == {"bisect": sorted(public_names("bisect"))}
    assert person.json("plugin", "dialect", "os", code=17)["error"]["hint"] == INSTEAD["os"]
    text = person.run("plugin", "dialect").stdout
    assert text.count("\nio: BytesIO, StringIO\n") == 1
    assert all(line in text.splitlines() for line in (DIALECT + TEST_DIALECT).splitlines())


def test_the_dialect_shows_the_functions_of_the_sdk(person):
    whole, part = person.json("plugin", "dialect", "plugins.sdk"), person.json("plugin", "dialect", "plugins.sdk.files")
    assert whole["modules"]["plugins.sdk"] == sorted(public_names("plugins.sdk"))
    assert part["functions"]["files.read(path: str) -> bytes"] == "Return the bytes of a file."
    assert part["functions"].items() < whole["functions"].items()
    assert person.json("plugin", "dialect", "sdk.testing")["functions"].keys() < whole["functions"].keys()
    shown = person.run("plugin", "dialect", "plugins.sdk.clock").stdout
    assert "\n  clock.now() -> float\n      Return seconds since 1970, UTC.\n" in shown
    assert person.json("plugin", "dialect", "plugins.sdk.fils", code=17)["error"]["hint"].endswith(
        "dialect plugins.sdk"
    )


def test_gate_all_judges_what_is_in_force_again(proposed):
    digest = proposed.json("review", "P-1")["digest"]
    proposed.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle")
    found = proposed.json("gate", "--all")
    assert (found["verdict"], list(found["plugins"])) == ("pass", ["text-stats"])
    assert found["plugins"]["text-stats"]["digest"] == digest


PROGRAM = """
def add(a: int, b: int = 1) -> int:
    return a + b

def kinds():
    return ({1}, b"x", float("inf"))

def boom():
    raise ValueError("no")

def forever():
    while True:
        pass
"""


@pytest.mark.parametrize(
    ("words", "outcome", "value"),
    [
        (["--call", "add", "--args", "[1, 2]"], "completed", 3),
        (["--call", "add", "--args", '{"a": 5}'], "completed", 6),
        (["--call", "kinds", "--boundary-only"], "completed",
         {"$tuple": [{"$set": [1]}, {"$bytes": "eA=="}, {"$float": "inf"}]}),
        (["--call", "boom", "--boundary-only"], "raised", None),
        (["--call", "forever", "--boundary-only", "--wall", "0.3"], "timed-out", None),
        (["--call", "denied"], "denied", None),
    ],
)  # fmt: skip
def test_sandbox_run_answers_with_an_outcome(person, words, outcome, value):
    extra = "import os\n" if outcome == "denied" else ""
    (person.home / "program.py").write_text(extra + PROGRAM)
    code = 0 if outcome == "completed" else 18
    found = person.json("sandbox", "run", "program.py", *words, code=code)
    assert (found["outcome"], found["value"]) == (outcome, value)
    assert set(found["usage"]) == {"wall_s", "cpu_s", "peak_memory_mb"}
    assert (found["detail"] is None) == (outcome == "completed")
    if outcome == "denied":
        assert found["detail"]["findings"][0]["path"] == "program.py"


@pytest.mark.parametrize("more", [(), ("--boundary-only",)])
def test_a_file_in_the_sandbox_has_its_own_name(person, more):
    (person.home / "my work.txt").write_text("def f():\n    return g()\n")
    done = person.run("sandbox", "run", "my work.txt", "--call", "f", *more)
    assert (done.returncode, "(my work.txt:2 in f)" in done.stdout) == (18, True)
    (person.home / "my work.txt").write_bytes(b"\xff = 1\n")
    done = person.run("sandbox", "run", "my work.txt", "--call", "f", *more)
    assert (done.stdout.count("my work.txt"), done.stdout.count("invalid start byte")) == (1, 1)


def test_how_a_tool_is_used_is_told_in_the_words_of_the_call(proposed):
    told = proposed.json("try", "P-1", "stats", code=2)["error"]["hint"]
    assert told == "usage: ratchet try P-1 stats text"
    digest = proposed.json("review", "P-1")["digest"]
    proposed.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle")
    told = proposed.json("call", "text-stats", "stats", code=2)["error"]["hint"]
    assert told == "usage: ratchet call text-stats stats text"
    done = proposed.run(given="/stats\n/call text-stats stats\n/review\n")
    hints = [line for line in done.stderr.splitlines() if line.startswith("hint: ")]
    assert hints == ["hint: usage: /stats text", "hint: usage: /call text-stats stats text", "hint: usage: /review ID"]


def test_each_event_stands_for_itself(proposed):
    shown = proposed.run("audit", "show", "P-1").stdout
    assert re.findall(r"\n\n(Event .*)\n  time  ", f"\n{shown}") == ["Event 1: proposed", "Event 2: judged"]


def test_a_crash_says_what_ran_and_what_it_used(person):
    (person.home / "program.py").write_text("import os\ndef leave(code):\n    os._exit(code)\n")
    words = ("sandbox", "run", "program.py", "--call", "leave", "--args", "[3]", "--boundary-only")
    found = person.json(*words, code=18)
    detail = found["detail"]
    assert (found["outcome"], detail["exit_code"], detail["request"]) == ("crashed", 3, "call leave")
    assert [set(sample) for sample in detail["curve"]] == [{"after_s", "cpu_s", "memory_mb"}]
    assert detail["curve"][0]["memory_mb"] > 1


@pytest.mark.parametrize(
    "words",
    [
        ["--args", "nonsense"],
        ["--args", "5"],
        ["--wall", "0"],
        ["--wall", "nan"],
        ["--memory", "0"],
        ["--level", "none"],
    ],
)
def test_sandbox_run_refuses_nonsense_as_usage(person, words):
    (person.home / "program.py").write_text(PROGRAM)
    assert person.json("sandbox", "run", "program.py", "--call", "add", *words, code=2)["error"]["kind"] == "usage"


def test_sandbox_run_reads_nothing_but_regular_files_of_a_module_s_size(person):
    os.mkfifo(person.home / "pipe.py")
    (person.home / "folder.py").mkdir()
    (person.home / "large.py").write_bytes(b"#" * (8 * 2**20 + 1))
    for name, code in {"pipe.py": 2, "folder.py": 2, "large.py": 2, "/dev/zero": 2, "none.py": 17, "-": 17}.items():
        error = person.json("sandbox", "run", name, "--call", "add", code=code)["error"]
        assert error["hint"]
        assert name in error["message"]


def test_sandbox_run_reads_a_file_through_a_link(person):
    (person.home / "program.py").write_text(PROGRAM)
    (person.home / "link.py").symlink_to("program.py")
    assert person.json("sandbox", "run", "link.py", "--call", "add", "--args", "[1, 2]")["value"] == 3


def test_sandbox_probe_names_the_levels(person):
    levels = person.json("sandbox", "probe")["levels"]
    assert levels["process"]["available"] is True
    assert all({"available", "layers", "why"} <= set(level) for level in levels.values())


def test_analyze_sums_up_a_crowded_folder_and_lists_it_by_itself(person):
    crowd = person.home / "tree/crowd"
    crowd.mkdir(parents=True)
    (person.home / "tree/a.py").write_text("x = 1\n")
    for number in range(61):
        (crowd / f"m{number}.py").write_text("def f():\n    return 1\n")
    whole, alone = person.run("analyze", "tree").stdout, person.run("analyze", "tree/crowd").stdout
    assert "crowd/  61 modules  122    0        61" in whole
    assert "m7.py" not in whole
    assert "m7.py" in alone


def test_analyze_reads_a_tree_and_ranks_what_to_improve(person):
    (person.home / "tree").mkdir()
    (person.home / "tree/a.py").write_text('"""A."""\nfrom b import two\n\n\ndef one(x):\n    return two(x)\n')
    (person.home / "tree/b.py").write_text('"""B."""\n\n\ndef two(x: int) -> int:\n    """Two."""\n    return x\n')
    found = person.json("analyze", "tree", "--docs", "docs")
    assert [module["name"] for module in found["modules"]] == ["a", "b"]
    assert found["edges"] == [{"caller": "a.one", "callee": "b.two", "line": 6}]
    assert {place["kind"] for place in found["improvements"]} == {"undocumented", "untyped"}
    assert "### `two(x: int) -> int`" in (person.home / "docs/reference.md").read_text()
    assert "Where to improve" in person.run("analyze", "tree").stdout
    one = person.run("analyze", "tree/b.py").stdout
    assert "two(x: int) -> int  line 4, 3 lines, complexity 1" in one


# --- what a plugin may touch, and what a crash leaves ---

REMEMBERING = '''"""Keep a note from one call to the next."""

from plugins.sdk import storage


def run(text: str) -> str:
    """Keep `text` and return what was kept before."""
    before = storage.get("note", "")
    storage.set("note", text)
    return str(before)
'''
REMEMBERING_TESTS = """from plugins.sdk.testing import storage
from plugin import run


def test_gives_what_was_kept_before():
    assert run("one") == ""
    assert run("two") == "one"
"""
CRASHING = """
import os, signal, sys
sys.path.insert(0, {root!r})
from argparse import Namespace
from plugins.state import UserState
from plugins.workspace import find
from repl.cli import Options
from repl.progress import Progress
from repl.session import Session
from repl.verbs_decide import approve
from selfmod.faults import Counting

class Killing(Counting):
    def step(self, name):
        if name == "copy index":
            os.kill(os.getpid(), signal.SIGKILL)

session = Session(Options(), progress=Progress())
session.state = UserState(disk=Killing())
session._workspace = find(disk=Killing())
approve(session, Namespace(id="P-1", digest={digest!r}, accept=["no-oracle"]))
"""


def test_the_next_command_finishes_what_a_kill_interrupted_and_says_so(proposed):
    digest = proposed.json("review", "P-1")["digest"]
    code = CRASHING.format(root=str(ROOT), digest=digest)
    crashed = subprocess.run([sys.executable, "-c", code], cwd=proposed.folder, env=proposed.environment, timeout=60)
    assert crashed.returncode == -signal.SIGKILL
    done = proposed.run("plugin", "list", "--json")
    assert "it is finished now" in done.stderr
    assert json.loads(done.stdout)["plugins"][0]["status"] == "loaded"
    assert proposed.json("review", "P-1")["state"] == "committed"
    assert proposed.run("plugin", "list").stderr == ""
    assert proposed.git("status", "--porcelain") == ""


def test_a_workspace_of_any_name_can_be_trusted(maker):
    odd = maker.home / os.fsdecode(b"odd\n\x1b[31m\xff")
    maker.git("clone", "-q", str(maker.folder), str(odd))
    maker.folder = odd
    offered = maker.run("trust")
    assert (offered.returncode, "\x1b" in offered.stdout + offered.stderr) == (11, False), offered.stderr
    digest = re.search("--digest ([0-9a-f]{64})", offered.stderr)
    assert digest is not None
    assert maker.json("trust", "--digest", digest[1])["trusted"]


@pytest.mark.parametrize("own", [False, True])
def test_what_another_machine_approved_is_rolled_back_without_its_proposal(proposed, own):
    """Also where a proposal of the same name is about something else."""
    digest = proposed.json("review", "P-1")["digest"]
    proposed.json("approve", "P-1", "--digest", digest, "--accept", "no-oracle")
    clone = proposed.home / "clone"
    proposed.git("clone", "-q", str(proposed.folder), str(clone))
    proposed.folder = clone
    offered = proposed.run("trust").stderr
    proposed.json("trust", "--digest", re.search("--digest ([0-9a-f]{64})", offered)[1])
    if own:
        source = write_plugin(proposed.home / "other", id="text-other")
        assert proposed.json("propose", "--from", str(source))["id"] == "P-1"
    assert proposed.json("rollback", "text-stats")["state"] == "rolled-back"
    assert [p["state"] for p in proposed.json("proposals")["proposals"]] == ["awaiting-approval"] * own
    assert proposed.json("redo", "text-stats")["state"] == "committed"
    assert proposed.json("audit", "verify")["ok"]
