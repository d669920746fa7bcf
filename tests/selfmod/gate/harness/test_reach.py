"""What tests of a candidate reach while they run: nothing of the runner, of the interpreter, or of the file system.

The stages are run without the policy in front, so that each of these shows the lock behind it.
"""

from __future__ import annotations

import pytest

from sandbox.language import check
from sandbox.language.suite_modules import is_importable, suite_names
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests

GRADE = '''\
def grade(points: int) -> str:
    """Return the grade of points."""
    if points > 90:
        return "A"
    return "B" if points > 70 else "C"
'''
VACUOUS = """\
import plugin
from plugin import grade

def test_grade():
    assert grade(95) and grade(75) and grade(5)
    assert {kill}
"""

REACHES = {
    "a module behind a module": "import codecs\ndef reach():\n    return codecs.sys.modules\n",
    "another module behind a name": "def reach():\n    from random import _os\n    return _os\n",
    "a file": "import io\ndef reach():\n    return io.open('/tmp/count', 'w')\n",
    "a path": "def reach():\n    from pathlib import Path\n    return Path\n",
    "a computed attribute": (
        "import operator\nimport plugin\n"
        "def reach():\n    return operator.attrgetter('__glo' + 'bals__')(plugin.grade)\n"
    ),
    "the doubles' own module": "from plugins.sdk import testing\ndef reach():\n    return testing.sys\n",
    "the door of the SDK": "def reach():\n    from plugins.sdk import Door\n    return Door\n",
    "the patches of pytest": "import pytest\ndef reach():\n    return pytest.MonkeyPatch\n",
    "the marks of pytest": "import pytest\ndef reach():\n    return pytest.mark.skip\n",
    "the loop of asyncio": "import asyncio\ndef reach():\n    return asyncio.get_event_loop_policy\n",
    "coverage": "def reach():\n    import coverage\n    return coverage\n",
}


@pytest.mark.parametrize("name", REACHES)
def test_tests_get_views_and_not_modules(judged, name):
    tests = (
        f"import pytest\n{REACHES[name]}\n"
        "def test_it():\n    with pytest.raises((AttributeError, ImportError)):\n        reach()\n"
    )
    found = judged(GRADE, tests, Tests())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings


@pytest.mark.parametrize("name", ["monkeypatch", "tmp_path", "recwarn", "caplog", "pytester", "cache"])
def test_fixtures_that_patch_or_write_are_not_there(judged, name):
    found = judged(GRADE, f"def test_it({name}):\n    pass\n", Tests())
    assert f"fixture '{name}' not found" in found.stages["tests"].findings[0].message


@pytest.mark.parametrize("name", ["capsys", "capfd"])
def test_a_fixture_holds_nothing_of_the_session(judged, name):
    tests = (
        f"def test_it({name}):\n    print('seen')\n    assert {name}.readouterr().out == 'seen\\n'\n"
        f"    assert not hasattr({name}, 'request')\n    assert not hasattr({name}, 'disabled')\n"
    )
    found = judged(GRADE, tests, Tests())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings


def test_what_tests_need_is_there(judged):
    tests = """\
import asyncio
import collections.abc
import urllib.parse
from datetime import date
import pytest
import plugins.sdk
from plugins.sdk import testing
from plugin import grade

@pytest.mark.parametrize("points", [95])
def test_it(points):
    async def later():
        return grade(points)
    assert asyncio.run(later()) == "A"
    assert urllib.parse.quote(" ") == "%20" and date(2024, 1, 1).year == 2024
    assert isinstance([], collections.abc.Sequence)
    with testing.outside(http={"https://a.example.org/": testing.reply(text="x")}) as seen:
        assert plugins.sdk.http.get("https://a.example.org/").text == "x"
    assert seen.urls == ["https://a.example.org/"]
    assert plugins.sdk.testing.data
"""
    found = judged(GRADE, tests, Tests())
    assert found.stages["tests"].verdict == "refuse", "the request is not declared"
    assert {finding.rule for finding in found.stages["tests"].findings} == {"tests.capability"}
    assert check(tests, "tests/test_plugin.py", role="test") == ()


@pytest.mark.parametrize(
    "kill", ["getattr(plugin, 'ratchet_active', -1) == -1", "vars(plugin).get('active', -1) == -1"]
)
def test_no_test_can_tell_a_mutant_by_the_name_of_its_switch(judged, kill):
    found = judged(GRADE, VACUOUS.format(kill=kill), Tests(), Mutation())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert "mutation.survivor" in found.rules("mutation")


def test_doubles_that_a_test_does_not_set_are_its_own(judged):
    module = """\
from plugins.sdk import random, storage

def draw() -> int:
    storage.set("drawn", storage.get("drawn", 0) + 1)
    return random.randint(0, 1000) * 100 + storage.get("drawn", 0)
"""
    tests = """\
from plugin import draw
FIRST = []

def test_one():
    FIRST.append(draw())
    assert FIRST[0] % 100 == 1

def test_two():
    FIRST.append(draw())
    assert FIRST[0] == FIRST[-1]
"""
    found = judged(module, tests, Tests())
    assert "tests.failed" not in found.rules("tests"), found.stages["tests"].findings


def test_every_listed_name_can_be_imported():
    assert is_importable("pytest")
    assert not is_importable("os")
    assert {"raises", "mark"} <= suite_names("pytest")
    assert "run" in suite_names("asyncio")
    assert "testing" in suite_names("plugins.sdk")
    assert "abc" in suite_names("collections")
