"""Stage 3: the language policy (its own tests are with it), secrets, and bandit's advice."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable

import pytest

from selfmod.gate.stages.policy import Policy
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


SECRETS += [
    "aws_key = wJalrXUtnFEMI7" + "K7MDENGabPxRfiCYzEXWMPLKEY",
    "GOCSPX-" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4",
    "AccountKey=" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4" * 3 + "aB==",
    "abc8Q~" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7",
    "github_pat_" + "a1B2c3D4e5F6g7H8i9J0k1" * 3,
    "gldt-" + "a1B2c3D4e5F6g7H8i9J0",
    "hf_" + "abcdefghijklmnopqRSTUVWXYZabcdefgh",
    "https://hooks.slack.com/services/" + "T0A1B2C3D/B0A1B2C3D/a1B2c3D4e5F6g7H8i9J0k1L2",
    "whsec_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "SK" + "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "SG." + "a1B2c3D4e5F6g7H8i9J0k1." + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V",
    "pypi-AgEIcHlwaS5vcmc" + "a1B2c3D4e5F6g7H8i9J0k1L2",
    "dop_v1_" + "0a1b2c3d4e5f60718293a4b5c6d7e8f9" * 2,
    "shpat_" + "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "1234567890:AA" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q",
    "glsa_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6_0a1b2c3d",
    "Authorization: Bearer " + "a1B2c3D4e5F6g7H8i9J0",
    "redis://:" + "p4ssW0rdZq9x@cache.internal",
    "PuTTY-User-Key-" + "File-2: ssh-rsa",
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


_TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
_ENCODED = base64.b64encode(_TOKEN.encode()).decode()
_PIECES = {
    "adjacent": f'X = (\n    "{_TOKEN[:9]}"\n    "{_TOKEN[9:]}"\n)',
    "added": f'X = "{_TOKEN[:9]}" + "{_TOKEN[9:]}"',
    "joined": f'X = "".join(["{_TOKEN[:9]}", "{_TOKEN[9:20]}", "{_TOKEN[20:]}"])',
    "in a row": f'X = ("{_TOKEN[:9]}", "{_TOKEN[9:]}")',
    "by name": f'A = "{_TOKEN[:9]}"\nB = "{_TOKEN[9:]}"\nX = f"{{A}}{{B}}"',
    "backwards": f'X = "{_TOKEN[::-1]}"[::-1]',
    "with filling": f'X = "{_TOKEN[:9]}#{_TOKEN[9:]}".replace("#", "")',
    "numbers": f"X = bytes({list(_TOKEN.encode())})",
    "numbers with a key": f"W = {[ord(sign) ^ 23 for sign in _TOKEN]}\nX = bytes(n ^ 23 for n in W).decode()",
    "numbers with a key, in a function": (
        f"def f(row: list[int]) -> str:\n    return ''.join(chr(n - 7) for n in row)\n"
        f"X = f({[ord(sign) + 7 for sign in _TOKEN]})"
    ),
    "another alphabet": f"import codecs\nX = codecs.decode({codecs.encode(_TOKEN, 'rot13')!r}, 'rot13')",
    "base64": f'X = "{_ENCODED}"',
    "hexadecimal": f'X = "{_TOKEN.encode().hex()}"',
    "base64 of base64": f'X = "{base64.b64encode(_ENCODED.encode()).decode()}"',
    "base64 in pieces": f'X = "{_ENCODED[:20]}" "{_ENCODED[20:]}"',
    "a password in pieces": 'PASSWORD = "9fK2qLm" + "X7vBz3TnR8wYc"',
    "a password as an argument": 'X = dict(password="9fK2qLm" "X7vBz3TnR8wYc")',
}


@pytest.mark.parametrize("source", _PIECES.values(), ids=_PIECES)
def test_secrets_in_pieces_or_encoded_are_found(make_subject: Make, good: dict[str, str], source: str) -> None:
    result = Policy().run(make_subject(good | {"plugin.py": f"{good['plugin.py']}\n{source}\n"}))
    found = [item for item in result.findings if item.rule == "policy.secret"]
    assert [item.path for item in found] == ["plugin.py"]
    assert _TOKEN not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "password: " + "9fK2qLmX7vBz3TnR8wYc",
        "export DB_SECRET=" + "9fK2qLmX7vBz3TnR8wYc",
    ],
)
def test_settings_without_quotes_are_looked_at(make_subject: Make, good: dict[str, str], text: str) -> None:
    assert "policy.secret" in findings(make_subject(good | {"tests/data/settings.env": f"a: 1\n{text}\n"}))


def test_a_long_line_hides_no_secret(make_subject: Make, good: dict[str, str]) -> None:
    line = "x" * 3990 + " " + _TOKEN + " " + "y" * 500
    assert "policy.secret" in findings(make_subject(good | {"tests/data/long.txt": line}))


@pytest.mark.parametrize(
    "text",
    [
        "api_key = environment.get('API_KEY')",
        'strength "correct horse battery staple"',
        "the password is the one that you chose",
        "api_key = 'your-api-key-goes-here-1'",
        "secret = '<put it here 12345>'",
        "digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
        "AKIAIOSFODNN7EXAMPLE",
        "https://example.org/a:b@c",
        "skeleton sk-etch",
        "https://user:your-password@db.internal/x",
        "password: see the environment",
        "sk_test_0000000000000000000000000",
        "token = 'the next word of the sentence'",
        "aGVsbG8gd29ybGQsIHRoaXMgaXMgdGV4dA==",
        "Authorization: Bearer <token>",
    ],
)
def test_what_is_no_secret(make_subject: Make, good: dict[str, str], text: str) -> None:
    subject = make_subject(good | {"README.md": text})
    assert findings(subject) == {}


_DRAWN = "Zx8kQw2LmP4rTn6v" + "Yb1cDs7e"


@pytest.mark.parametrize(
    "address",
    [
        f"https://hooks.example.org/services/T024BE7LD/B0F3K9QXA/{_DRAWN}",
        f"https://chat.example.org/{_DRAWN}/messages?wait=1",
        f"(http://chat.example.org/hook/{_DRAWN}).",
    ],
)
def test_a_key_in_the_path_of_any_address_is_found(make_subject: Make, good: dict[str, str], address: str) -> None:
    module, tests = good["plugin.py"], good["tests/test_plugin.py"]
    for files in (
        {"README.md": f"{good['README.md']}\n{address}\n"},
        {"plugin.py": f'{module}\nWHERE = "{address}"\n'},
        {"plugin.py": f'{module}\nWHERE = "{address[:40]}" + "{address[40:]}"\n'},
        {"tests/test_plugin.py": f'{tests}\nWHERE = "{address}"\n'},
    ):
        assert "policy.secret" in findings(make_subject(good | files))


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/films/FilmDatabaseExportVersion2Beta.zip",
        "https://example.org/2026/11/04/How-To-Count-100-Words-In-3-Steps",
        "https://example.org/commit/9d354d6a1b2c3d4e5f60718293a4b5c6d7e8f901",
        "https://example.org/things/123e4567-e89b-12d3-a456-426614174000",
        "https://example.org/v1/getUserByIdAndName2/listOfAllEntriesOfUser",
        "https://example.org/YOUR_TOKEN_HERE_0123456789aB/send",
        "https://hooks.example.org/services/<team>/<channel>/<token>",
        "https://example.org/a1B2c3D4e5",
        f"tests/data/{_DRAWN}",
    ],
)
def test_other_addresses_hold_no_key(make_subject: Make, good: dict[str, str], address: str) -> None:
    assert "policy.secret" not in findings(make_subject(good | {"README.md": f"{good['README.md']}\n{address}\n"}))


def test_recorded_answers_may_hold_addresses(make_subject: Make, good: dict[str, str]) -> None:
    recorded = {"tests/data/answer.json": f'{{"next": "https://cdn.example.org/{_DRAWN}"}}\n'}
    assert "policy.secret" not in findings(make_subject(good | recorded))


@pytest.mark.parametrize(("text", "advised"), [("-", False), ("and", False), ("", False), ("root", True)])
def test_bandit_advises_of_no_password_that_is_too_short_to_be_one(
    make_subject: Make, good: dict[str, str], text: str, advised: bool
) -> None:
    source = f"{good['plugin.py']}\n\ndef _ends(token: str) -> bool:\n    return token == {text!r}\n"
    assert (findings(make_subject(good | {"plugin.py": source})).keys() == {"policy.bandit-b105"}) is advised


def test_bandit_advises_and_cannot_be_silenced_nor_refuse(make_subject: Make, good: dict[str, str]) -> None:
    source = good["plugin.py"] + "\n\ndef other(a: str) -> bool:\n    return a == hash_of(md5, b'')  # nosec\n"
    source = source.replace('"""Counts words."""', '"""Counts words."""\n\nfrom hashlib import md5')
    source = source.replace("hash_of(md5, b'')", "md5(b'').hexdigest()")
    result = Policy().run(make_subject(good | {"plugin.py": source}))
    advice = [item for item in result.findings if item.rule.startswith("policy.bandit-")]
    assert [item.rule for item in advice] == ["policy.bandit-b324"]
    assert all(item.advisory for item in advice)
    assert result.verdict == "pass"


TOKEN = "ghp_" + "eU0aT5sG1fJ6dH8cN4bV7wYtR2zPx9mLk3QA"


@pytest.mark.parametrize(
    "text",
    [
        TOKEN[::-1],
        "x".join(TOKEN),
        "y".join(["", *TOKEN]),
        "".join(f"{sign}ab" for sign in TOKEN),
        "".join(f"abc{sign}" for sign in TOKEN),
    ],
)
def test_secrets_in_another_order_are_found(make_subject: Make, good: dict[str, str], text: str) -> None:
    result = findings(make_subject(good | {"plugin.py": f'{good["plugin.py"]}\nSIGNS = "{text}"\n'}))
    assert "policy.secret" in result


def test_secrets_in_a_part_of_a_text_are_found(make_subject: Make, good: dict[str, str]) -> None:
    source = f'{good["plugin.py"]}\nSIGNS = "{"vwxyz".join(TOKEN)}"\nPART = SIGNS[0:400:6]\n'
    assert "policy.secret" in findings(make_subject(good | {"plugin.py": source}))


def test_secrets_over_two_data_files_are_found(make_subject: Make, good: dict[str, str]) -> None:
    parts = {"tests/data/b.txt": f"{TOKEN[:17]}\n", "tests/data/a.txt": f"{TOKEN[17:]}\n"}
    assert "policy.secret" in findings(make_subject(good | parts))
    assert findings(make_subject(good | {"tests/data/a.txt": TOKEN[17:]})) == findings(make_subject(good))
