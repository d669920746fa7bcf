"""What may stand in a `with` of a test file: nothing that could swallow a failed assertion."""

from __future__ import annotations

import pytest

from sandbox.language import check

HEAD = (
    "import contextlib\nimport decimal\nimport pytest\nfrom plugin import Store, f\nfrom plugins.sdk import testing\n"
)
FINE = {
    "raises": "def test():\n    assert f(1) == 2\n    with pytest.raises(ValueError):\n        f(2)\n",
    "doubles": "def test():\n    with testing.outside(now=5) as seen:\n        assert f(1) == seen.urls\n",
    "decimals": "def test():\n    with decimal.localcontext(prec=3):\n        assert f(1) == 2\n",
    "nothing": "def test():\n    with contextlib.nullcontext():\n        assert f(1) == 2\n",
    "of the plugin": "def test():\n    with Store('a').lock() as held:\n        assert held.key == 2\n",
    "in a variable": "def test():\n    s = Store('a')\n    with s.lock():\n        assert s.key == 2\n",
    "in a fixture": (
        "@pytest.fixture\ndef store():\n    return Store('a')\n"
        "def test(store):\n    with store.lock():\n        assert store.key == 2\n"
    ),
    "of the file": (
        "@contextlib.contextmanager\ndef world():\n    with testing.outside():\n        try:\n            yield f(0)\n"
        "        finally:\n            f(1)\n"
        "def test():\n    with world() as w:\n        assert w == 2\n"
    ),
    "a function that gives one": (
        "def at(n):\n    return testing.outside(now=n)\ndef test():\n    with at(5):\n        assert f(1) == 2\n"
    ),
    "a loop in finally": (
        "def test():\n    try:\n        assert f(1) == 2\n    finally:\n        for n in (1, 2):\n            break\n"
    ),
}
SWALLOWING = {
    "exit stack": (
        "tests.context",
        (
            "def test():\n    with contextlib.ExitStack() as stack:\n        stack.push(lambda *a: True)\n"
            "        assert f(1) == 2\n"
        ),
    ),
    "class": (
        "tests.context",
        (
            "class Soft:\n    def __enter__(self):\n        return self\n    def __exit__(self, *a):\n"
            "        return True\ndef test():\n    with Soft():\n        assert f(1) == 2\n"
        ),
    ),
    "class of the plugin's class": (
        "tests.context",
        (
            "class Soft(Store):\n    def __exit__(self, *a):\n        return True\n"
            "def test():\n    with Soft('a'):\n        assert f(1) == 2\n"
        ),
    ),
    "a function that gives others, too": (
        "tests.context",
        (
            "class Soft:\n    def __enter__(self):\n        return self\n    def __exit__(self, *a):\n"
            "        return True\ndef at(n):\n    if n:\n        return Soft()\n    return testing.outside(now=n)\n"
            "def test():\n    with at(5):\n        assert f(1) == 2\n"
        ),
    ),
    "a function that is bound again": (
        "tests.context",
        (
            "class Soft:\n    def __enter__(self):\n        return self\n    def __exit__(self, *a):\n"
            "        return True\ndef at(n):\n    return testing.outside(now=n)\nat = lambda n: Soft()\n"
            "def test():\n    with at(5):\n        assert f(1) == 2\n"
        ),
    ),
    "under a known name": (
        "tests.context",
        (
            "class nullcontext:\n    def __enter__(self):\n        return self\n    def __exit__(self, *a):\n"
            "        return True\ndef test():\n    with nullcontext():\n        assert f(1) == 2\n"
        ),
    ),
    "generator": (
        "tests.context",
        (
            "@contextlib.contextmanager\ndef soft():\n    try:\n        yield\n    except AssertionError:\n"
            "        f(0)\ndef test():\n    with soft():\n        assert f(1) == 2\n"
        ),
    ),
    "suppress around a helper": (
        "tests.context",
        (
            "def same(a, b):\n    assert a == b\n"
            "def test():\n    with contextlib.suppress(AssertionError):\n        same(f(1), 2)\n"
        ),
    ),
    "one variable for two": (
        "tests.context",
        "def test():\n    s = Store('a')\n    s = contextlib.ExitStack()\n    with s:\n        assert f(1) == 2\n",
    ),
    "return in finally": (
        "tests.swallowed",
        "def test():\n    try:\n        assert f(1) == 2\n    finally:\n        return\n",
    ),
    "break in finally": (
        "tests.swallowed",
        (
            "def test():\n    for n in (1, 2):\n        try:\n            assert f(n) == 2\n        finally:\n"
            "            if n:\n                break\n"
        ),
    ),
    "return in a loop of finally": (
        "tests.swallowed",
        "def test():\n    try:\n        assert f(1) == 2\n    finally:\n        for n in (1, 2):\n            return\n",
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_what_lets_a_failure_through_may_stand_in_a_with(name):
    assert check(HEAD + FINE[name], "tests/test_plugin.py", role="test") == ()


@pytest.mark.parametrize("name", SWALLOWING)
def test_what_may_swallow_a_failure_is_refused(name):
    rule, source = SWALLOWING[name]
    found = check(HEAD + source, "tests/test_plugin.py", role="test")
    assert [violation.rule for violation in found] == [rule]
    assert all(violation.hint for violation in found)


EQUAL = "from plugin import Entry, digest\ndef test():\n    assert {0} == {0}\n"


@pytest.mark.parametrize("made", ["Entry('a')", "hash(Entry('a'))"])
def test_that_two_equal_instances_are_equal_is_an_assertion(made):
    def found(classes: frozenset[str]) -> list[str]:
        source = EQUAL.format(made)
        return [item.rule for item in check(source, "tests/test_plugin.py", role="test", classes=classes)]

    assert found(frozenset({"Entry"})) == []
    assert found(frozenset({"Other"})) == ["tests.no-assertion"]


def test_that_two_equal_calls_give_the_same_is_none():
    found = check(EQUAL.format("digest('a')"), "tests/test_plugin.py", role="test", classes=frozenset({"Entry"}))
    assert [item.rule for item in found] == ["tests.no-assertion"]
