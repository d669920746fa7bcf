"""A secret that is told to a reader is found; a text that describes what a password is for is none."""

from __future__ import annotations

import ast

import pytest

from selfmod.gate.reading.told import told

TOLD = [
    "Password: hunter2x",
    "The password is swordfish.",
    "password: `opensesame`",
    'the passphrase is "correct horse battery staple"',
    "- **Token**: abc123def456",
    "Use the token abc123def456 for the first calls.",
    "Log in as admin with the password `letmein`.",
    "The API key for staging is q7Zp93kd",
    "A token is made on the page of the account; the password is `lanternfish`.",
    "PIN: 4711",
    "the secret of the team = moonraker",
    "Das Passwort ist geheim2go",
]
DESCRIBED = [
    "Password: required",
    "The password is checked against the rules.",
    "The password is at least 12 characters long.",
    "password: <your password>",
    "password: YOUR_PASSWORD",
    "Set the token with `TRACKER_TOKEN`.",
    "The token is read from TRACKER_TOKEN.",
    "token: the token of the tracker",
    "Use the token TRACKER_TOKEN of the environment.",
    "password: str",
    "password=example-password",
    'strength "Tr0ub4dor&3" gives 3',
    "Each token is a number, a name or a sign.",
    "The secret is that nothing is kept.",
    "tokens are `number`, `name` and `sign`",
    "password: 12 characters",
    'the password is "weak" or "strong"',
    "the access key is given by the host",
    "secret: optional, bytes",
]


@pytest.mark.parametrize("line", TOLD)
@pytest.mark.parametrize("path", ["README.md", "plugin.py"])
def test_a_secret_that_is_told_is_found(line: str, path: str) -> None:
    text = f"# First\n{line}\n" if path == "README.md" else f'"""First.\n\n{line}\n"""\n'
    tree = ast.parse(text) if path == "plugin.py" else None
    assert list(told(path, text, tree)) == [2 if tree is None else 3]


def test_comments_speak_and_code_does_not() -> None:
    text = 'PASSWORD: str = "swordfish"\n# password: swordfish\n'
    assert list(told("plugin.py", text, ast.parse(text))) == [2]


def test_recorded_inputs_are_not_told_to_anybody() -> None:
    assert list(told("tests/data/mail.txt", "Password: hunter2x\n", None)) == []


@pytest.mark.parametrize("line", DESCRIBED)
def test_a_description_is_none(line: str) -> None:
    assert list(told("README.md", f"{line}\n", None)) == []
