"""Classes of the tests that answer for the plugin are refused, and doubles that are given to it are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Refused = Callable[[str, str], set[str]]

HEAD = "import pytest\n\nfrom plugin import run\n\n\n"
ANSWERING = {
    "an item": (
        "class Box:\n    def __init__(self, of):\n        self.of = of\n\n    def __getitem__(self, key):\n"
        "        return 3\n\n\ndef test_it():\n    box = Box(run('a'))\n    assert box['words'] == 3\n"
    ),
    "an attribute of an item": (
        "class Box:\n    def __getitem__(self, key):\n        return 3\n\n\n"
        "def test_it():\n    run('a')\n    words = Box()['words'].real\n    assert words == 3 + run('')\n"
    ),
    "a comparison": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n\n"
        "def test_it():\n    assert run('a') == Any()\n"
    ),
    "the other side": (
        "class Any:\n    def __rsub__(self, other):\n        return 0\n\n\nWANT = Any()\n\n\n"
        "def test_it():\n    assert run('a') - WANT == 0\n"
    ),
    "a truth": (
        "class Seen:\n    def __init__(self, of):\n        pass\n\n    def __bool__(self):\n        return True\n\n\n"
        "def test_it():\n    assert Seen(run('a'))\n"
    ),
    "a call": (
        "class Check:\n    def __call__(self, of):\n        return 3\n\n\n"
        "def test_it():\n    check = Check()\n    assert check(run('a')) == 3\n"
    ),
    "a descriptor": (
        "class Three:\n    def __get__(self, of, kind):\n        return 3\n\n\nclass Box:\n    words = Three()\n\n\n"
        "def test_it():\n    box = Box()\n    run('a')\n    assert box.words == 3 + run('')\n"
    ),
    "of a row": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n\n"
        "@pytest.mark.parametrize(('text', 'want'), [('a', Any())])\ndef test_it(text, want):\n"
        "    assert run(text) == want\n"
    ),
    "out of a helper": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n\ndef wanted():\n    return Any()\n\n\n"
        "def test_it():\n    assert run('a') == wanted()\n"
    ),
    "out of a fixture": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n\n@pytest.fixture\ndef wanted():\n"
        "    return Any()\n\n\ndef test_it(wanted):\n    assert run('a') == wanted\n"
    ),
    "inherited": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n\nclass One(Any):\n    pass\n\n\n"
        "def test_it():\n    assert run('a') == One()\n"
    ),
    "in an attribute": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n\nclass TestIt:\n    want = Any()\n\n"
        "    def test_it(self):\n        assert run('a') == self.want\n"
    ),
    "in a condition": (
        "class Any:\n    def __ne__(self, other):\n        return False\n\n\n"
        "def test_it():\n    if run('a') != Any():\n        pytest.fail('no')\n    assert run('') == 0\n"
    ),
    "what it gives out": (
        "class Rows:\n    def __init__(self, of):\n        pass\n\n    def __iter__(self):\n"
        "        return iter([3])\n\n\ndef test_it():\n    for row in Rows(run('a')):\n        assert row == 3\n"
    ),
}
HONEST = {
    "a double that is called": (
        "class Fetch:\n    def __init__(self):\n        self.calls = 0\n\n    def __call__(self, url):\n"
        "        self.calls += 1\n        return 'a b'\n\n\n"
        "def test_it():\n    fetch = Fetch()\n    assert run(fetch) == 2\n    assert fetch.calls == 1\n"
    ),
    "a double that is walked": (
        "class Lines:\n    def __iter__(self):\n        return iter(['a', 'b'])\n\n    def __len__(self):\n"
        "        return 2\n\n\ndef test_it():\n    lines = Lines()\n    found = run(lines)\n    assert found == 2\n"
    ),
    "an ordinary class": (
        "class Case:\n    def __init__(self, text, want):\n        self.text, self.want = text, want\n\n"
        "    def __repr__(self):\n        return self.text\n\n\n"
        "def test_it():\n    case = Case('a b', 2)\n    assert run(case.text) == case.want\n"
    ),
}


@pytest.mark.parametrize("name", ANSWERING)
def test_what_answers_for_the_plugin_is_refused(refused: Refused, name: str) -> None:
    assert refused("tests/test_plugin.py", HEAD + ANSWERING[name]) == {"policy.test-answer"}


@pytest.mark.parametrize("name", HONEST)
def test_doubles_and_ordinary_classes_are_not(refused: Refused, name: str) -> None:
    assert refused("tests/test_plugin.py", HEAD + HONEST[name]) == set()
