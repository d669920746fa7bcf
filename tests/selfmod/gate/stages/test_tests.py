"""Stage tests: the verdict is formed outside, so nothing a run does to itself can make it pass."""

from __future__ import annotations

import pytest

from plugins.manifest import parse_manifest
from selfmod.gate.evidence import Notes
from selfmod.gate.stages.tests import Tests, _judge
from selfmod.gate.suite import Variation, make_plan, run_tests
from selfmod.gate.thresholds import Thresholds

# What no test file may have: the modules behind the views. Policy and importer refuse the ways there that they know;
# this one goes past both, so that what is judged here is the verdict, which has to hold whatever a test can do.
REACHED = """\
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == "_wrap_close":
        sys = kind.__init__.__globals__["sys"]
os, pytest = sys.modules["os"], sys.modules["pytest"]
"""
MODULE = '''\
def double(n: int) -> int:
    """Return twice `n`."""
    if n < 0:
        raise ValueError("negative")
    return 2 * n
'''
GOOD = """\
import pytest
from plugin import double


def test_doubles():
    assert double(4) == 8


class TestMany:
    @pytest.mark.parametrize("given, wanted", [(1, 2), (0, 0), pytest.param(5, 10, id="five")])
    def test_each(self, given, wanted):
        assert double(given) == wanted


@pytest.mark.parametrize("kind", [ValueError, Exception])
def test_refuses(kind):
    with pytest.raises(kind):
        double(-1)
"""


def test_a_good_suite_passes_with_every_id_counted_outside(judged):
    found = judged(MODULE, GOOD, Tests())
    stage = found.stages["tests"]
    assert (stage.verdict, stage.figures) == ("pass", {"collected": 6, "passed": 6})
    assert found.subject.expected_tests == (
        "tests/test_plugin.py::test_doubles",
        "tests/test_plugin.py::TestMany::test_each[1-2]",
        "tests/test_plugin.py::TestMany::test_each[0-0]",
        "tests/test_plugin.py::TestMany::test_each[five]",
        "tests/test_plugin.py::test_refuses[#0]",
        "tests/test_plugin.py::test_refuses[#1]",
    )
    assert [call.value for call in found.subject.run.calls][:2] == [8, 2]


def test_stacked_parameters_and_repeated_values_are_counted_as_pytest_names_them(judged):
    tests = """\
import pytest
from plugin import double

@pytest.mark.parametrize("a", [1, 1, "x-y", None, 2.5])
@pytest.mark.parametrize("b", [True, b"z"], ids=["yes", "no"])
def test_product(a, b):
    assert double(1) == 2
"""
    assert judged(MODULE, tests, Tests()).stages["tests"].figures == {"collected": 10, "passed": 10}


def test_stacked_parameters_without_names_of_their_own_are_counted_through(judged):
    tests = """\
import pytest
from plugin import double

ROWS = [1, 2, 3]


@pytest.mark.parametrize("kind", [ValueError, Exception])
@pytest.mark.parametrize("place", range(len(ROWS)))
def test_refuses(kind, place):
    with pytest.raises(kind):
        double(-ROWS[place])


@pytest.mark.parametrize("tool", [double])
class TestTools:
    @pytest.mark.parametrize("sign", "12")
    def test_each(self, tool, sign):
        assert tool(int(sign)) == 2 * int(sign)
"""
    found = judged(MODULE, tests, Tests())
    assert found.stages["tests"].figures == {"collected": 8, "passed": 8}
    assert found.subject.expected_tests[5:] == (
        "tests/test_plugin.py::test_refuses[#5]",
        "tests/test_plugin.py::TestTools::test_each[#0]",
        "tests/test_plugin.py::TestTools::test_each[#1]",
    )


def test_fixtures_of_pytest_work_and_odd_ids_are_counted(judged):
    tests = """\
import pytest
from plugin import double

@pytest.fixture(scope="module")
def four():
    yield 4

def test_four(four):
    assert double(four) == 8

def test_output(capsys):
    print(double(1))
    assert capsys.readouterr().out == "2\\n"

@pytest.mark.parametrize("text", ["é", "a\\tb", "", "[x]", "::", "x" * 300, "a/b", "\\U0001f600"])
def test_odd(text):
    assert double(len(text)) == 2 * len(text)

@pytest.mark.parametrize("n", [1e100, -0.0, 1_000, True, None, b"\\xff", (1, 2), {"a": 1}], ids=str)
def test_values(n):
    assert double(2) == 4
"""
    found = judged(MODULE, tests.replace(", ids=str", ""), Tests())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert judged(MODULE, tests, Tests()).rules("tests") == {"tests.uncountable"}


FAILING = {
    "wrong code": ("from plugin import double\ndef test_a():\n    assert double(2) == 5\n", "tests.failed"),
    "error in a fixture": (
        "import pytest\n@pytest.fixture\ndef bad():\n    raise KeyError(1)\ndef test_a(bad):\n    assert bad\n",
        "tests.failed",
    ),
    "a skip": (REACHED + "def test_a():\n    pytest.skip('later')\n", "tests.skipped"),
    "an expected failure": (
        REACHED + "@pytest.mark.xfail\ndef test_a():\n    assert False\n",
        "tests.skipped",
    ),
    "an unexpected pass": (REACHED + "@pytest.mark.xfail\ndef test_a():\n    assert True\n", "tests.skipped"),
    "pytest.exit": (
        REACHED + "def test_a():\n    pytest.exit('done', 0)\ndef test_b():\n    pass\n",
        "tests.missing",
    ),
    "os._exit(0)": (REACHED + "def test_a():\n    os._exit(0)\n", "tests.ended"),
    "sys.exit(0)": (REACHED + "def test_a():\n    sys.exit(0)\n", "tests.failed"),
    "exit at import": (REACHED + "os._exit(0)\ndef test_a():\n    pass\n", "tests.ended"),
    "syntax": ("def test_a(:\n", "tests.unreadable"),
    "import error": ("from plugin import nothing\ndef test_a():\n    pass\n", "tests.collect"),
    "no test": ("VALUE = 1\n", "tests.none"),
    "the same name twice": ("def test_a():\n    pass\ndef test_a():\n    pass\n", "tests.uncountable"),
    "computed parameters": (
        "import pytest\n@pytest.mark.parametrize('n', [i for i in range(3)])\ndef test_a(n):\n    pass\n",
        "tests.uncountable",
    ),
    "a test that was imported": (
        "from plugin import test_hidden\ndef test_a():\n    pass\n",
        "tests.unexpected",
    ),
    "a test that is deleted": ("def test_a():\n    pass\ndef test_b():\n    pass\ndel test_b\n", "tests.missing"),
    "generated tests": (
        "def test_a():\n    pass\nfor n in range(3):\n    globals()[f'test_{n}'] = test_a\n",
        "tests.unexpected",
    ),
    "a loop without end": ("def test_a():\n    while True:\n        pass\n", "tests.ended"),
    "all memory": ("def test_a():\n    assert len([bytes(1 << 20) for _ in range(2000)]) == 2000\n", "tests.failed"),
    "import of the measuring tool": ("import coverage\ndef test_a():\n    pass\n", "tests.collect"),
    "import of our own code": ("import sandbox.worker\ndef test_a():\n    pass\n", "tests.collect"),
}


@pytest.mark.parametrize(("tests", "rule"), FAILING.values(), ids=FAILING)
def test_what_is_not_a_whole_passed_run_is_refused(judged, tests, rule):
    module = MODULE + "\n\ndef test_hidden() -> None:\n    return None\n"
    found = judged(module, tests, Tests(), thresholds=Thresholds(stage_s=3.0))
    assert found.stages["tests"].verdict == "refuse"
    assert rule in found.rules("tests")


FORGED = {
    # Reached past the import guard, as code would that found a way around it.
    "a forged note": """\
def test_a():
    sys.modules["sandbox.worker"].note({"kind": "test", "id": "tests/test_plugin.py::test_a", "outcome": "passed"})
    assert True
""",
    "a flood of notes": """\
def test_a():
    for _ in range(100_000):
        sys.modules["sandbox.worker"].note({"kind": "collected", "ids": []})
""",
    "a printed verdict and a crash": """\
def test_a():
    print("===== 1 passed in 0.01s =====", flush=True)
    os.write(1, b'{"kind": "end", "exit": 0}')
    os.abort()
""",
    "a frame of its own on the channel": """\
def test_a():
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'\\x00\\x00\\x00\\x14{"status":"complete"}')
        except OSError:
            pass
""",
}


@pytest.mark.parametrize("tests", FORGED.values(), ids=FORGED)
def test_a_forged_account_of_the_run_is_refused(judged, tests):
    found = judged(MODULE, REACHED + tests, Tests())
    assert found.stages["tests"].verdict == "refuse"
    assert found.rules("tests") & {"tests.forged", "tests.ended"}


def test_flooded_output_is_stopped(judged):
    tests = "def test_a():\n    for _ in range(1_000_000):\n        print('x' * 1000)\n"
    found = judged(MODULE, tests, Tests(), thresholds=Thresholds(stage_s=5.0))
    assert found.stages["tests"].verdict == "refuse"


def test_configuration_of_the_candidate_is_not_read(judged):
    """Each of these would make pytest pass, skip or deselect the failing test if it were read."""
    files = {
        "conftest.py": "def pytest_pyfunc_call(pyfuncitem):\n    return True\n",
        "tests/conftest.py": "collect_ignore = ['test_plugin.py']\n",
        "pytest.ini": "[pytest]\naddopts = --co\n",
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--deselect tests/test_plugin.py::test_a'\n",
        "setup.cfg": "[tool:pytest]\naddopts = -k nothing\n",
        ".coveragerc": "[run]\nomit = *\n",
    }
    found = judged(
        MODULE, "from plugin import double\ndef test_a():\n    assert double(1) == 3\n", Tests(), files=files
    )
    assert found.rules("tests") == {"tests.failed"}


def test_too_many_tests_are_refused_before_they_run(judged):
    tests = "import pytest\n@pytest.mark.parametrize('n', range(300))\ndef test_a(n):\n    pass\n"
    found = judged(MODULE, tests, Tests())
    assert found.rules("tests") == {"tests.many"}
    assert found.subject.run is None


def test_what_the_doubles_were_asked_for_must_be_declared(judged):
    module = "from plugins.sdk import environment\n\n\ndef token() -> str:\n    return environment.get('TOKEN', '-')\n"
    tests = """\
from plugins.sdk import testing
from plugin import token
def test_a():
    with testing.outside(environment={"TOKEN": "t"}):
        assert token() == "t"
"""
    found = judged(module, tests, Tests())
    assert found.rules("tests") == {"tests.capability"}
    assert [ask.op for ask in found.subject.run.asks] == ["environment.get"]
    assert all(call.asked for call in found.subject.run.calls)


def test_notes_that_our_code_did_not_write_spoil_a_run():
    notes = Notes(nonce="n", limit=10)
    notes.take({"kind": "test", "id": "a", "nonce": "n", "outcome": "passed"})
    notes.take({"kind": "test", "id": "a", "nonce": "n", "outcome": "passed"})
    assert "twice" in notes.problem
    assert Notes(nonce="n", limit=10).problem == ""
    for bad in (None, 1, [], {"kind": "end", "exit": 0}, {"kind": "end", "exit": 0, "nonce": "m"}, {"nonce": "n"}):
        notes = Notes(nonce="n", limit=10)
        notes.take(bad)
        assert notes.problem


def test_a_run_says_how_its_worker_ended(judged):
    found = judged(MODULE, GOOD, Tests())
    run = run_tests(found.subject, make_plan(found.subject), Variation())
    assert run.clean
    assert len(run.notes.tests) == 6


@pytest.mark.parametrize(("end", "said"), [(None, "without its last word"), (2, "pytest ended with 2")])
def test_a_run_in_which_every_test_passed_must_end_as_a_passed_run_ends(judged, end, said):
    found = judged(MODULE, GOOD, Tests())
    plan = make_plan(found.subject)
    run = run_tests(found.subject, plan, Variation())
    assert _judge(plan, run) == []
    run.notes.end = end
    assert [(item.rule, said in item.message) for item in _judge(plan, run)] == [("tests.ended", True)]


def test_calls_are_recorded_as_the_tests_make_them(judged):
    module = """\
import asyncio
from functools import cache


@cache
def twice(n: int) -> int:
    return 2 * n


async def later(n: int) -> int:
    await asyncio.sleep(0)
    return twice(n)


def change(items: list[int]) -> None:
    items.append(1)


def count(n: int):
    yield from range(n)


def wrong(n: int) -> int:
    raise KeyError(n)
"""
    tests = """\
import asyncio
import pytest
from plugin import change, count, later, twice, wrong
def test_all():
    assert twice(2) == 4 and twice.cache_info().misses == 1
    assert asyncio.run(later(n=3)) == 6
    items = [0]
    change(items)
    assert items == [0, 1] and list(count(2)) == [0, 1]
    with pytest.raises(KeyError):
        wrong(5)
"""
    found = judged(module, tests, Tests())
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    calls = [(c.function, c.args, c.kwargs, c.outcome, c.value) for c in found.subject.run.calls]
    assert calls == [
        ("twice", [2], {}, "returned", 4),
        ("later", [], {"n": 3}, "returned", 6),
        ("change", [[0]], {}, "returned", None),
        ("wrong", [5], {}, "raised", "KeyError"),
    ]


KEPT = {
    "a decimal": "from decimal import Decimal\ndef run(n: int) -> Decimal:\n    return Decimal(n)\n",
    "a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass Pair:\n    n: int\n"
        "def run(n: int) -> Pair:\n    return Pair(n)\n"
    ),
    "an enum": "from enum import IntEnum\nclass E(IntEnum):\n    A = 1\ndef run(n: int) -> int:\n    return E.A\n",
    "inside a list": "from datetime import date\ndef run(n: int) -> list[date]:\n    return [date(2024, 1, n)]\n",
    "itself": "def run(n: int) -> list:\n    found = [n]\n    found.append(found)\n    return found\n",
}


@pytest.mark.parametrize("name", KEPT)
def test_a_handler_whose_results_cannot_leave_the_sandbox_is_refused(judged, name):
    tests = "import plugin\ndef test_a():\n    assert plugin.run(1) is not None\n"
    manifest = parse_manifest(
        b"schema: 1\nid: some-thing\nname: x\nversion: 0.1.0\ndescription: x\nlicense: MIT\nentry: plugin.py\n"
        b"tools: [{name: run, handler: run}]\n"
    )
    assert judged(KEPT[name], tests, Tests(), manifest=manifest).rules("tests") == {"tests.result"}
    helper = KEPT[name].replace("def run(", "def helper(")
    plain = f"{helper}def run(n: int) -> str:\n    return str(helper(n))\n"
    both = f"{tests}    assert plugin.helper(1) is not None\n"
    assert judged(plain, both, Tests(), manifest=manifest).rules("tests") == set()


NEVER = {
    "a filter lets nothing through": (
        "    pairs = [n for n in (1, 2) if n > 5]\n    for n in pairs:\n        assert double(n) == 3\n",
        8,
    ),
    "a lazy map": ("    def same(n):\n        assert double(n) == 3\n    assert map(same, (1, 2))\n", 7),
    "a condition that never holds": (
        "    if double(1) == 3:\n        with pytest.raises(KeyError):\n            1/0\n",
        7,
    ),
    "no line of its own": ("    for n in (): assert double(n) == 3\n", 6),
    "a part of its lines ran": (
        "    for n in (): (\n        1)\n    for n in ():\n        assert (\n            n)\n",
        9,
    ),
}
HEAD = "import pytest\nfrom plugin import double\n\ndef test_a():\n    assert double(1) == 2\n"


@pytest.mark.parametrize("name", NEVER)
def test_an_assertion_that_no_test_ran_is_refused(judged, name):
    body, line = NEVER[name]
    findings = judged(MODULE, HEAD + body, Tests()).stages["tests"].findings
    assert [(found.rule, found.line) for found in findings] == [("tests.assertion-not-run", line)]


SWALLOWED = {
    "by a helper's except": "    def same(n):\n        assert double(n) == 3\n    try:\n        same(1)\n"
    "    except AssertionError:\n        double(1)\n",
    "by a class": "    class Soft:\n        def __enter__(self): return 1\n        def __exit__(self, *a): return 1\n"
    "    with Soft():\n        assert double(1) == 3, 'wrong'\n",
    "by leaving a finally": "    def same(n):\n        try:\n            assert (\n                double(n) == 3)\n"
    "        finally:\n            return\n    same(1)\n",
}


@pytest.mark.parametrize("name", SWALLOWED)
def test_an_assertion_that_failed_in_a_test_that_passed_is_refused(judged, name):
    findings = judged(MODULE, HEAD + SWALLOWED[name], Tests()).stages["tests"].findings
    assert [found.rule for found in findings] == ["tests.assertion-swallowed"]


def test_assertions_count_wherever_a_test_comes_to_them(judged):
    body = (
        "    def same(n, wanted):\n        assert double(n) == (\n            wanted\n        )\n"
        "    for n in (1, 2):\n        same(n, 2 * n)\n    with pytest.raises(\n        ValueError,\n    ):\n"
        "        double(-1)\n    try:\n        double(-1)\n    except ValueError:\n        pass\n"
        "    else:\n        assert False, 'nobody comes here'\n"
    )
    assert judged(MODULE, HEAD + body, Tests()).stages["tests"].findings == ()
