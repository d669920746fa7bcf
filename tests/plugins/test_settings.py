from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.errors import ConfigError
from plugins.settings import BY_NAME, SETTINGS, Secret, Settings, load, parse
from plugins.state import UserState
from selfmod.gate.thresholds import Thresholds


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def _load(
    root: Path, state: UserState, *, workspace: str = "", person: str = "", model: str = "", **env: str
) -> Settings:
    (root / "ratchet.toml").write_text(workspace)
    state.write("ratchet.toml", person.encode())
    return load(root, state, env, model=model)


def test_precedence_is_command_line_environment_person_default(root: Path, state: UserState) -> None:
    found = _load(root, state)
    assert (found.text("model.name"), found.values["model.name"].origin) == ("", "default")
    person = '[model]\nname = "mine"\n'
    found = _load(root, state, person=person)
    assert found.values["model.name"].origin == f"{state.root}/ratchet.toml:2"
    found = _load(root, state, person=person, RATCHET_MODEL="env")
    assert (found.text("model.name"), found.values["model.name"].origin) == ("env", "environment RATCHET_MODEL")
    found = _load(root, state, person=person, RATCHET_MODEL="env", model="line")
    assert (found.text("model.name"), found.values["model.name"].origin) == ("line", "--model")


def test_a_workspace_only_tightens(root: Path, state: UserState) -> None:
    workspace = "[gate]\nlines_min = 0.95\nbranches_min = 0.5\ntests = 10\nfiles = 1000\n[generation]\nattempts = 2\n"
    found = _load(root, state, workspace=workspace, person="[gate]\nlines_min = 0.92\n")
    assert found.number("gate.lines_min") == 0.95
    assert found.number("gate.branches_min") == 0.9
    assert (found.count("gate.tests"), found.count("gate.files"), found.count("generation.attempts")) == (10, 32, 2)
    assert [note.split(": ", 1)[1] for note in found.notes] == [
        "gate.branches_min = 0.5 is less strict than 0.9; left out",
        "gate.files = 1000 is less strict than 32; left out",
    ]
    assert found.values["gate.tests"].origin.endswith("ratchet.toml:4")


NUMBERS = [setting for setting in SETTINGS if setting.rule in ("up", "down")]


@given(st.sampled_from(NUMBERS), st.floats(0, 1), st.floats(0, 1))
def test_no_workspace_ever_loosens(setting: object, person: float, workspace: float) -> None:
    import tempfile

    assert isinstance(setting, type(NUMBERS[0]))
    table, _, name = setting.name.partition(".")
    one, two = (person, workspace) if isinstance(setting.default, float) else (int(person * 30), int(workspace * 30))
    low = setting.least or 0
    one, two = max(one, low), max(two, low)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        state = UserState(root / "state")
        found = _load(root, state, person=f"[{table}]\n{name} = {one}\n", workspace=f"[{table}]\n{name} = {two}\n")
    wanted = max(one, two) if setting.rule == "up" else min(one, two)
    assert found.number(setting.name) == pytest.approx(wanted)


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS if setting.rule == "person"])
def test_what_is_the_persons_is_never_taken_from_a_workspace(root: Path, state: UserState, name: str) -> None:
    table, _, key = name.partition(".")
    default = BY_NAME[name].default
    other = {bool: "true", int: "7", float: "7.0", str: '"EUR"'}[type(default)]
    found = _load(root, state, workspace=f"[{table}]\n{key} = {other}\n")
    assert found.values[name].value == default
    assert "the person's to set" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", r":1: there is no setting 'x'"),
        ("\n\n[gate]\nline_min = 1.0", r":4: there is no setting 'gate.line_min'"),
        ("[gate]\nlines_min = 'much'", r":2: gate.lines_min is a number, not 'much'"),
        ("[gate]\nlines_min = true", r":2: gate.lines_min is a number, not True"),
        ("[gate]\ntests = 1.5", r":2: gate.tests is a whole number, not 1.5"),
        ("[gate]\nlines_min = 2", r":2: gate.lines_min is between 0 and 1, not 2"),
        ("[gate]\nlines_min = nan", r":2: gate.lines_min is between 0 and 1"),
        ("[gate]\ncall_s = -1.0", r":2: gate.call_s is at least 0"),
        ("[budget]\ncurrency = 'GBP'", r":2: budget.currency is one of USD, EUR, CNY"),
        ("gate.lines_min = [1]", r":1: gate.lines_min is a number"),
        ("gate = 3", r":1: there is no setting 'gate'"),
        ("[gate\n", r"line 1"),
        ("[a]\nb = 1\nb = 2", r"line 3"),
        ("workspace.id = 'x'", r":1: workspace.id belongs into the ratchet.toml of a workspace"),
    ],
)
def test_what_is_no_setting_is_said_with_its_line(root: Path, state: UserState, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        _load(root, state, person=text)
    assert caught.value.exit_code == 2


def test_a_misspelt_name_gets_a_hint() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[gate]\nline_min = 1.0", "ratchet.toml")
    assert caught.value.hint == "did you mean gate.lines_min?"


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse(text, "ratchet.toml")


def test_secrets_are_never_shown(root: Path, state: UserState) -> None:
    found = _load(root, state, OPENAI_API_KEY="sk-very-secret", OPENAI_BASE_URL="http://127.0.0.1:1/v1")
    secret = found.secret("OPENAI_API_KEY")
    assert secret is not None
    assert secret.reveal() == "sk-very-secret"
    assert found.secret("ARK_API_KEY") is None
    shown = [repr(found), str(secret), f"{secret!r}{secret}", json.dumps(found.to_json()), repr(dataclasses.asdict)]
    assert not any("very-secret" in text for text in shown)
    assert found.to_json()["secrets"] == {"OPENAI_API_KEY": "set", "ARK_API_KEY": "not set"}
    for leak in (lambda: pickle.dumps(secret), lambda: json.dumps(secret), lambda: copy.copy(secret)):
        with pytest.raises(TypeError):
            leak()


def test_a_key_alone_chooses_no_model(root: Path, state: UserState) -> None:
    assert _load(root, state, OPENAI_API_KEY="k", ARK_API_KEY="k").text("model.name") == ""


def test_the_thresholds_are_those_of_the_gate(root: Path, state: UserState) -> None:
    figures = dict(_load(root, state).thresholds)
    assert Thresholds(**figures) == Thresholds()  # type: ignore[arg-type]
    assert set(figures) == set(Thresholds().to_json())
    assert {type(value) for value in figures.values()} == {int, float}


def test_a_secret_says_only_that_it_is_set() -> None:
    assert str(Secret("x")) == "Secret(set)"


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 100_000, f"[gate]\nfiles = {'9' * 5000}", ".".join("a" * 5000) + " = 1", "#" * 200_000]
)
def test_what_no_person_would_write_is_a_plain_error_too(root: Path, state: UserState, text: str) -> None:
    with pytest.raises(ConfigError, match=r"ratchet\.toml"):
        _load(root, state, workspace=text)


@pytest.mark.parametrize(
    "address", ["https://ada:hunter2@x.org/v1", "https://hunter2@x.org", "http://x.org/v1?key=hunter2"]
)
def test_an_address_that_could_hold_a_key_is_refused_and_not_shown(root: Path, state: UserState, address: str) -> None:
    for where in ({"OPENAI_BASE_URL": address}, {"person": f'[model]\nbase_url = "{address}"\n'}):
        with pytest.raises(ConfigError, match=r"model\.base_url") as caught:
            _load(root, state, **where)
        assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert _load(root, state, OPENAI_BASE_URL="http://127.0.0.1:1/a@b").text("model.base_url")


@pytest.mark.parametrize("key", ["hunter2\r", "hunter\n2", "hunter 2", "hünter2", "hunter2\udcff"])
def test_a_key_that_cannot_be_sent_is_said_and_not_shown(root: Path, state: UserState, key: str) -> None:
    found = _load(root, state, OPENAI_API_KEY=key).secret("OPENAI_API_KEY")
    assert found is not None
    with pytest.raises(ConfigError, match="a key in the environment") as caught:
        found.reveal()
    assert "2" not in f"{caught.value} {caught.value.hint}"
