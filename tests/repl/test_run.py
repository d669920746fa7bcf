"""The command as a process: exit codes, what goes to which stream, pipes."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

from repl.verbs import VERBS

from .person import COMMAND, ROOT


def test_the_version_is_printed_without_importing_anything(person):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); before = set(sys.modules)\n"
        "from repl.__main__ import main; main(['--version'])\n"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert version == "ratchet 0.1.0"
    imported = json.loads(modules.replace("'", '"'))
    assert [name for name in imported if name.startswith("repl")] == ["repl", "repl.__main__"]
    assert not {"argparse", "json", "re", "dataclasses", "pathlib", "subprocess"} & set(imported)


def test_help_lists_every_verb_and_a_verb_its_examples(person):
    done = person.run("--help")
    assert done.returncode == 0
    assert all(verb.name in done.stdout and verb.help[:30] in done.stdout for verb in VERBS)
    assert "ratchet review P-1" in person.run("review", "--help").stdout
    assert [verb["name"] for verb in person.json("help")["verbs"]] == [verb.name for verb in VERBS]
    assert person.json("help", "audit", "verify")["name"] == "audit verify"
    done = person.run("plugin", "--help")
    assert (done.returncode, "ratchet plugin info " in done.stdout) == (0, True)
    told = person.run(given="/help propose\n").stdout
    assert "  /propose --from ./my-plugin" in told and "<" not in told
    assert "  /plugin info " in person.run(given="/plugin --help\n").stdout
    assert person.json("help", "nonsense", code=2)["error"]["kind"] == "usage"


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (["reveiw", "P-1"], 2, "usage"),
        (["review"], 2, "usage"),
        (["proposals"], 17, "not-found"),
        (["proposals", "--workspace", "/nowhere"], 17, "not-found"),
        (["sandbox", "run", "gone.py", "--call", "f"], 17, "not-found"),
        (["gate", "gone"], 17, "not-found"),
        (["gate"], 2, "usage"),
    ],
)
def test_errors_are_json_on_standard_output_with_the_code_of_their_kind(person, words, code, kind):
    error = person.json(*words, code=code)["error"]
    assert error["kind"] == kind
    assert set(error) == {"kind", "message", "hint", "id"}
    assert error["message"]


def test_without_json_an_error_is_text_on_standard_error(person):
    done = person.run("reveiw")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no verb reveiw")
    assert "review" in done.stderr


def test_a_reader_that_leaves_is_no_error(person):
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -c 10; echo " ${PIPESTATUS[0]}"', "bash", *COMMAND, "--help"],
        env=person.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "Ratchet is 0\n"
    assert done.stderr == ""


def test_a_workspace_cannot_bring_modules_of_its_own(person):
    for name in ("json", "argparse", "openai", "prompt_toolkit", "rich", "plugins", "sandbox", "selfmod", "repl"):
        (person.folder / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
    assert person.run("help").returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "repl", "help"], cwd=person.folder, capture_output=True, text=True, timeout=60,
        env={**person.environment, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_control_characters_of_an_argument_are_not_printed(person):
    done = person.run("review\x1b[2J")
    assert "\x1b" not in done.stderr
    assert "\\u{001B}" in done.stderr


def test_the_lines_of_a_pipe_are_lines_of_the_repl(maker):
    done = maker.run(given="/proposals\n\n  /config\n/reveiw\n/exit\n/never\n")
    assert done.returncode == 2
    assert "There are no proposals yet" in done.stdout
    assert "budget.day_tokens" in done.stdout
    assert "/review" in done.stderr
    assert "never" not in done.stderr


def test_the_lines_of_a_pipe_answer_in_json_where_that_is_asked_for(maker):
    done = maker.run("--json", given="/proposals\n/nonsense\n")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == {"proposals": []}
    assert second["error"]["kind"] == "usage"


def test_a_pipe_of_other_bytes_is_text_all_the_same(maker):
    done = subprocess.run(
        COMMAND, input=b"/review \xff\xfe\0\n/proposals\n", capture_output=True, cwd=maker.folder,
        env={**maker.environment, "PYTHONUTF8": "1"}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 17
    assert b"There are no proposals yet" in done.stdout


def test_p_is_one_line(maker):
    assert "no proposals yet" in maker.run("-p", "/proposals").stdout
    assert "no proposals yet" in maker.run("-p", "-", given="/proposals").stdout
    done = maker.run("-p", "/proposals", "--output-format", "stream-json")
    assert json.loads(done.stdout) == {"type": "result", "proposals": []}


@pytest.mark.parametrize("word", ["help", "--version"])
def test_a_full_standard_output_is_said(person, word):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, word], stdout=full, stderr=subprocess.PIPE, text=True, env=person.environment)
    assert done.returncode == 1
    said, hint = done.stderr.splitlines()
    assert said == "error: the answer cannot be written to standard output: No space left on device"
    assert hint.startswith("hint: ")


@pytest.mark.parametrize(("words", "closed", "code"), [
    ("plugin list", ">&-", 0),
    ("plugin list --json", ">&- 2>&-", 0),
    ("nonsense", "2>&-", 2),
    ("", "<&-", 0),
    ("propose -", "<&-", 2),
    ("plugin list", "<&- >&- 2>&-", 0),
])  # fmt: skip
def test_streams_that_were_closed_change_no_exit_code(maker, words, closed, code):
    command = " ".join(map(shlex.quote, COMMAND))
    done = subprocess.run(
        ["sh", "-c", f"{command} {words} {closed}"], cwd=maker.folder, env=maker.environment, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
