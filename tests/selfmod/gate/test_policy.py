"""Stage 3: the language policy (its own tests are with it), secrets, and bandit's advice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from selfmod.gate.policy import Policy
from selfmod.gate.subject import Subject

Make = Callable[..., Subject]


def findings(subject: Subject) -> dict[str, tuple[str, int, bool]]:
    return {item.rule: (item.path, item.line, item.advisory) for item in Policy().run(subject).findings}


def test_a_good_plugin_passes(make_subject: Make, good: dict[str, str]) -> None:
    result = Policy().run(make_subject(good))
    assert result.verdict == "pass"
    assert result.findings == ()


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("import os", "policy.import"),
        ("x = eval('1')", "policy.builtin"),
        ("y = ().__class__.__bases__", "policy.attribute"),
    ],
)
def test_the_language_policy_refuses_in_the_module(
    make_subject: Make, good: dict[str, str], line: str, rule: str
) -> None:
    subject = make_subject(good | {"plugin.py": good["plugin.py"] + line + "\n"})
    assert Policy().run(subject).verdict == "refuse"
    assert findings(subject)[rule] == ("plugin.py", good["plugin.py"].count("\n") + 1, False)


@pytest.mark.parametrize(
    ("test", "rule"),
    [
        ("import pytest\n\n\n@pytest.mark.skip\ndef test_x() -> None:\n    assert run('') == 0\n", "policy.test-skip"),
        ("def test_x() -> None:\n    assert True\n", "policy.test-always-true"),
        ("def test_x() -> None:\n    run('')\n", "policy.test-no-assertion"),
    ],
)
def test_the_policy_of_tests_refuses_in_the_tests(
    make_subject: Make, good: dict[str, str], test: str, rule: str
) -> None:
    files = good | {"tests/test_more.py": f"from plugin import run\n\n\n{test}"}
    subject = make_subject(files)
    assert Policy().run(subject).verdict == "refuse"
    assert findings(subject)[rule][0] == "tests/test_more.py"


# Put together here, so that no tool that looks for secrets takes this file for one that leaks them.
SECRETS = [
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2" * 9,
    "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "sk-" + "a1B2c3D4e5F6g7H8i9J0k1L2",
    "sk-ant-" + "a1B2c3D4e5F6g7H8i9J0k1L2",
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "xoxb-" + "1234567890-abcdefghij",
    "sk_live_" + "a1B2c3D4e5F6g7H8i9J0",
    "npm_" + "a1B2" * 9,
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.a1B2c3D4e5F6g7H8i9J0",
    "https://someone:" + "hunter22@db.internal/x",
    "api_key = '" + "9fK2qLmX7vBz3TnR8wYc'",
    '"password": "' + 'p4ssW0rd!Zq9x#T"',
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda text: text[:8])
@pytest.mark.parametrize("path", ["plugin.py", "README.md", "tests/data/config.json"])
def test_secrets_are_found_and_not_repeated(make_subject: Make, good: dict[str, str], secret: str, path: str) -> None:
    text = good.get(path, "")
    result = Policy().run(make_subject(good | {path: f"{text}\n# {secret}\n"}))
    found = [item for item in result.findings if item.rule == "policy.secret"]
    assert [item.path for item in found] == [path]
    assert result.verdict == "refuse"
    assert secret not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "api_key = environment.get('API_KEY')",
        'password = "correct horse battery staple"',
        "api_key = 'your-api-key-goes-here-1'",
        "secret = '<put it here 12345>'",
        "digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
        "AKIAIOSFODNN7EXAMPLE",
        "https://example.org/a:b@c",
        "skeleton sk-etch",
    ],
)
def test_what_is_no_secret(make_subject: Make, good: dict[str, str], text: str) -> None:
    subject = make_subject(good | {"README.md": text})
    assert findings(subject) == {}


def test_bandit_advises_and_cannot_be_silenced_nor_refuse(make_subject: Make, good: dict[str, str]) -> None:
    source = good["plugin.py"] + "\n\ndef other(a: str) -> bool:\n    return a == hash_of(md5, b'')  # nosec\n"
    source = source.replace('"""Counts words."""', '"""Counts words."""\n\nfrom hashlib import md5')
    source = source.replace("hash_of(md5, b'')", "md5(b'').hexdigest()")
    result = Policy().run(make_subject(good | {"plugin.py": source}))
    advice = [item for item in result.findings if item.rule.startswith("policy.bandit-")]
    assert [item.rule for item in advice] == ["policy.bandit-b324"]
    assert all(item.advisory for item in advice)
    assert result.verdict == "pass"
