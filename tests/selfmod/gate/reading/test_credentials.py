# ruff: noqa: E501 - a small program in each line
"""What goes into a credential is followed to where it comes from; constants in it are refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Refused = Callable[[str, str], set[str]]

HEAD = "import base64\nimport hmac\nfrom plugins.sdk import environment, http, storage\n"
URL = '"https://a.example.org/"'
HELD = {
    "in the header": f'def ask() -> None:\n    http.get({URL}, headers={{"Authorization": "Bearer swordfish"}})',
    "with a space behind": f'def ask() -> None:\n    http.get({URL}, headers={{"Authorization": "Bearer " + "swordfish "}})',
    "by a name of no meaning": f'_A = "swordfish"\ndef ask() -> None:\n    http.get({URL}, headers={{"X-Api-Key": _A}})',
    "where nothing is set": (
        f'def ask() -> None:\n    a = environment.get("A_KEY") or "swordfish"\n'
        f'    http.get({URL}, headers={{"Authorization": f"Bearer {{a}}"}})'
    ),
    "as a default of the environment": (
        f'def ask() -> None:\n    a = environment.get("A_KEY", "swordfish")\n'
        f'    http.get({URL}, headers={{"Authorization": f"Bearer {{a}}"}})'
    ),
    "worked out": (
        "_W = (100, 96, 120, 101, 115, 113, 126, 100, 127)\ndef ask() -> None:\n"
        '    a = environment.get("A_KEY") or bytes(w ^ 23 for w in _W).decode()\n'
        f'    http.get({URL}, headers={{"Authorization": f"Bearer {{a}}"}})'
    ),
    "worked out in a loop": (
        '_W = (100, 96, 120, 101, 115, 113, 126, 100, 127)\ndef _a() -> str:\n    a = ""\n    for w in _W:\n'
        "        a += chr(w ^ 23)\n    return a\ndef ask() -> None:\n"
        f'    http.get({URL}, headers={{"Authorization": "Bearer " + _a()}})'
    ),
    "through a function": (
        f'def _ask(a: str) -> None:\n    http.get({URL}, headers={{"Authorization": a}})\n'
        'def ask() -> None:\n    _ask("Bearer swordfish")'
    ),
    "by a default": f'def ask(a: str = "swordfish") -> None:\n    http.get({URL}, headers={{"X-Auth-Token": a}})',
    "set later": f'def ask() -> None:\n    h = {{}}\n    h["Authorization"] = "Basic swordfish"\n    http.get({URL}, headers=h)',
    "under a computed name": f'_H = "Author" + "ization"\ndef ask() -> None:\n    http.get({URL}, headers={{_H: "swordfish"}})',
    "as name and password": (
        'def ask() -> None:\n    a = base64.b64encode(b"bot:" + b"swordfish").decode()\n'
        f'    http.get({URL}, headers={{"Authorization": f"Basic {{a}}"}})'
    ),
    "beside what is given": (
        'def ask(user: str) -> None:\n    a = base64.b64encode(f"{user}:swordfish".encode()).decode()\n'
        f'    http.get({URL}, headers={{"Authorization": f"Basic {{a}}"}})'
    ),
    "a field": f'_A = "swordfish"\ndef ask() -> None:\n    http.get({URL}, params={{"api_key": _A}})',
    "out of a table": f'_K = {{"a": "swordfish"}}\ndef ask(n: str) -> None:\n    http.get({URL}, headers={{"X-Api-Key": _K.get(n)}})',
    "where asking fails": (
        'def ask() -> None:\n    try:\n        a = environment["A"]\n    except KeyError:\n        a = "swordfish"\n'
        f'    http.get({URL}, headers={{"Authorization": f"Bearer {{a}}"}})'
    ),
    "in an address": '_A = "swordfish"\ndef ask() -> None:\n    http.get(f"https://a.example.org/?token={_A}&n=1")',
    "in a whole address": 'def ask() -> None:\n    http.get("https://a.example.org/?access_token=swordfish")',
    "as the user of an address": '_A = "swordfish"\ndef ask() -> None:\n    http.get(f"https://bot:{_A}@a.example.org/")',
    "in a login": '_A = "swordfish"\ndef ask() -> str:\n    return f"USER bot\\r\\nPASS {_A}\\r\\n"',
    "in a login as it is": 'def ask() -> bytes:\n    return b"PASS swordfish\\r\\n"',
    "in a cookie": f'def ask() -> None:\n    http.get({URL}, headers={{"Cookie": "lang=en; session=swordfish"}})',
    "in a row of headers": f'def ask() -> None:\n    http.get({URL}, headers=dict([("Authorization", "swordfish")]))',
    "of an object": (
        'class Box:\n    def __init__(self) -> None:\n        self.a = "swordfish"\n    def ask(self) -> None:\n'
        f'        http.get({URL}, headers={{"Authorization": self.a}})'
    ),
    "the key of a digest": '_A = b"swordfish"\ndef sign(t: str) -> str:\n    return hmac.new(_A, t.encode(), "sha256").hexdigest()',
    "a key that a loop makes": (
        '_S = (11, 29, 4, 66, 31, 8)\ndef sign(t: str) -> str:\n    key = ""\n    for n, s in enumerate(_S):\n'
        '        key += chr(97 + (s * 7 + n) % 26)\n    return hmac.new(key.encode(), t.encode(), "sha256").hexdigest()'
    ),
    "named in words": '_PASSWORD = "correct horse battery staple"',
    "a default that is named": 'def ask(password: str = "swordfish") -> None:\n    http.get(password)',
    "compared": 'def ask(password: str) -> bool:\n    return password == "swordfish"',
}
ELSEWHERE = {
    "from the environment": (
        f'def ask() -> None:\n    a = environment.get("A_TOKEN")\n'
        f'    http.get({URL}, headers={{"Authorization": f"Bearer {{a}}"}} if a else {{}})'
    ),
    "or nothing": (
        f'def ask() -> None:\n    a = environment.get("A_TOKEN", "") or ""\n'
        f'    http.get({URL}, headers={{"Authorization": "Bearer " + a}})'
    ),
    "from the storage": f'def ask() -> None:\n    http.get({URL}, headers={{"X-Api-Key": storage.get("api_key")}})',
    "from an argument": (
        'def ask(user: str, password: str) -> None:\n    a = base64.b64encode(f"{user}:{password}".encode()).decode()\n'
        f'    http.get({URL}, headers={{"Authorization": f"Basic {{a}}"}})'
    ),
    "with a name of its own": (
        "def ask() -> None:\n    a = base64.b64encode(f\"api:{environment['A']}\".encode()).decode()\n"
        f'    http.get({URL}, headers={{"Authorization": f"Basic {{a}}"}})'
    ),
    "with a word behind": (
        "def ask() -> None:\n    a = base64.b64encode(f\"{environment['A']}:api_token\".encode()).decode()\n"
        f'    http.get({URL}, headers={{"Authorization": f"Basic {{a}}"}})'
    ),
    "a key that all may have": (
        f'def ask() -> None:\n    http.get({URL}, params={{"api_key": environment.get("A_KEY") or "DEMO_KEY"}})'
    ),
    "of several parts": (
        'def ask(who: str, mac: str) -> None:\n    a = f\'Signature keyId="{who}",algorithm="hmac-sha256",signature="{mac}"\'\n'
        f'    http.get({URL}, headers={{"Authorization": a}})'
    ),
    "the key of a day": 'def sign(k: str, t: str) -> str:\n    return hmac.new(("AWS4" + k).encode(), t.encode(), "sha256").hexdigest()',
    "a token that is fetched": f'def ask() -> None:\n    http.get({URL}, headers={{"X-CSRF-Token": "Fetch"}})',
    "a cookie of choices": f'def ask() -> None:\n    http.get({URL}, headers={{"Cookie": "lang=english; consent=accepted"}})',
    "a port": '_PORT = "8443"\ndef ask() -> None:\n    http.get(f"https://a.example.org:{_PORT}/")',
    "a login that is given": 'def ask(word: str) -> str:\n    return f"USER bot\\r\\nPASS {word}\\r\\n"',
    "a word in capitals": 'def told(points: int) -> str:\n    return "PASS" if points > 5 else "FAIL, try again"',
    "another header": f'def ask() -> None:\n    http.get({URL}, headers={{"Accept": "application/json", "X-Page": "first"}})',
    "the name of a variable": '_PASSWORD = "MAIL_PASSWORD"\ndef ask() -> None:\n    http.get(environment[_PASSWORD])',
    "a label": 'LABELS = {"password": "your word", "token": "sign of the text"}\n_SECRET = "the secret is missing"',
    "kinds of tokens": 'def kind(token: str) -> str:\n    return "word" if token == "return" else "sign"',
    "whether one is given": 'def ask(password: str) -> bool:\n    return password == ""',
    "a digest with a key that is given": 'def sign(k: bytes, t: bytes) -> str:\n    return hmac.new(k, t, "sha256").hexdigest()',
    "a query": 'def ask(token: str) -> None:\n    http.get(f"https://a.example.org/?sort=newest&token={token}")',
}


@pytest.mark.parametrize("name", HELD)
def test_what_a_module_holds_itself_is_refused(refused: Refused, good: dict[str, str], name: str) -> None:
    assert "policy.credential" in refused("plugin.py", f"{HEAD}{good['plugin.py']}{HELD[name]}\n")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_comes_from_elsewhere_is_not(refused: Refused, good: dict[str, str], name: str) -> None:
    assert refused("plugin.py", f"{HEAD}{good['plugin.py']}{ELSEWHERE[name]}\n") == set()
