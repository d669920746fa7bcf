"""Tests of a plugin in which nobody wrote down what is right, and tests in which somebody did."""

from __future__ import annotations

import ast

import pytest

from selfmod.examples import TEST_HEAD, TEST_PATH
from selfmod.gate.reading.aliases import aliases
from selfmod.gate.reading.expectations import unwritten
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.stages.oracle import Oracle
from selfmod.gate.stages.tests import Tests

HEAD = """\
import json
import pytest
from plugins.sdk import testing
import plugin
from plugin import double, parse, sum_up, total

WORDS = ["b", "a"]
"""
SECOND = """
def should_be(text):
    return [part.strip() for part in text.split(",")]

def texts():
    for number in range(9):
        yield ",".join(map(str, range(number)))
"""


def told(*checks: str, handlers: str = "total", path: str = "tests/test_plugin.py", head: str = HEAD) -> list[str]:
    files = [(path, ast.parse(head + "\n" + check)) for check in checks]
    own = {"total": "total", "parse": "parse", "double": "double", "sum_up": "total"}
    return [line[3] for line in unwritten(files, "plugin", own, set(handlers.split()))]


FILE = """
def test_all():
    cases = json.loads(testing.data("cases.json"))
    assert len(cases) == 18
    assert {text: total(text) for text in cases} == cases
"""
FOLDED = """
def mark(values):
    sum = 7
    for value in values:
        sum = (sum * 31 + value) % 9973
    return sum
def test_all():
    assert mark([total(str(number)) for number in range(60)]) == 6043
"""
BACK = """
@pytest.mark.parametrize("text", ["", "a", "Hello"])
def test_back(text):
    assert parse(total(text)) == text
def test_length():
    assert len(total("ab")) == 8
"""
NOBODY = {
    "one number made of many": FOLDED,
    "there and back": BACK,
    "a file, compared whole": FILE,
    "a file, line by line": """
def test_all():
    for text, sum in json.loads(testing.data("cases.json")):
        assert total(text) == sum, text
def test_no():
    with pytest.raises(ValueError):
        total("x")
""",
    "a file by a fixture": """
@pytest.fixture
def cases():
    with open("tests/data/cases.json") as stream:
        return json.load(stream)
def test_all(cases):
    assert [total(text) for text, _ in cases] == [sum for _, sum in cases]
""",
    "a file at the top": """
CASES = json.loads(testing.data("cases.json"))
def test_all():
    assert all(total(text) == sum for text, sum in CASES)
""",
    "a second implementation": SECOND
    + """
def test_all():
    for text in texts():
        wanted = should_be(text)
        if wanted is None:
            with pytest.raises(ValueError, match="x"):
                total(text)
        else:
            assert total(text) == wanted
""",
    "a second implementation of parameters": SECOND
    + """
@pytest.mark.parametrize("text", ["1", "1,2"])
def test_all(text):
    assert total(text) == should_be(text)
""",
    "a second implementation of rows": SECOND
    + """
@pytest.mark.parametrize(("text", "wanted"), [("1", should_be("1")), ("2", should_be("2"))])
def test_all(text, wanted):
    assert total("1") == should_be("1")
""",
    "a second implementation of cases": SECOND
    + """
CASES = [(text, should_be(text)) for text in texts()]
def test_all():
    for text, wanted in CASES:
        assert total(text) == wanted
""",
    "a second implementation that yields": SECOND
    + """
def cases():
    for text in texts():
        yield text, should_be(text)
def test_all():
    for text, wanted in cases():
        assert total(text) == wanted
""",
    "a second implementation in a helper": SECOND
    + """
def check(found, wanted):
    return found == wanted
@pytest.mark.parametrize("text", ["1", "1,2"])
def test_all(text):
    assert check(total(text), should_be(text))
""",
    "the library again": "def test_all():\n    result = total(WORDS)\n    assert result == sorted(WORDS)\n",
    "the plugin again": """
def test_all():
    expected = sorted(WORDS, key=parse)
    assert total(WORDS) == expected
def test_other_order():
    assert total(list(reversed(WORDS))) == total(WORDS)
""",
    "the plugin by its module": "def test_all():\n    assert plugin.total(WORDS) == plugin.parse(WORDS)\n",
    "the plugin in an assertion without a comparison": SECOND
    + "def test_all():\n    assert any([])\n    text = '1'\n    assert same(total(text), should_be(text))\n"
    + "def same(a, b):\n    return a == b\n",
    "a file, by a helper that calls": """
def run(text):
    return total(text)
def test_all():
    for text, sum in json.loads(testing.data("cases.json")):
        assert run(text) == sum
""",
    "a file, collected": """
def test_all():
    found = []
    for text in WORDS:
        found.append(total(text))
    assert found == json.loads(testing.data("sums.json"))
""",
    "what is other than something": SECOND
    + "def test_all():\n    assert total('2') != 3\n    assert total('1') == should_be('1')\n"
    + "    assert isinstance(total('1'), list)\n",
}


@pytest.mark.parametrize("check", NOBODY.values(), ids=NOBODY)
def test_expectations_that_nobody_wrote_are_told(check):
    assert told(check) and all("nobody wrote down what total must give" in line for line in told(check))


BY_HAND = {
    "a value": "def test_one():\n    assert total('1') == 1\n",
    "a value beside": "def test_one():\n    assert total('1') == 1\n" + FILE,
    "a value of a part": FILE + "def test_one():\n    assert total('1')['a'] == 1\n",
    "a value of a loop": "def test_one():\n    for text, n in [('1', 1)]:\n        assert total(text) == n\n",
    "a parameter": "@pytest.mark.parametrize(('text', 'want'), [('1', 1)])\ndef test(text, want):\n"
    "    result = total(text)\n    assert result == want\n",
    "one row of several": SECOND + "@pytest.mark.parametrize(('text', 'want'), [('1', 1), ('2', should_be('2'))])\n"
    "def test(text, want):\n    assert total('2') == want\n",
    "an input from a file": "def test_one():\n    assert total(testing.data('a.csv')) == [1]\n",
    "the way back": "@pytest.mark.parametrize('text', ['1', '2'])\ndef test(text):\n"
    "    assert total(parse(text)) == text\ndef test_parse():\n    assert parse('1') == 1\n",
    "through the plugin": "@pytest.mark.parametrize(('a', 'b', 'c'), [('1', '2', '3')])\ndef test(a, b, c):\n"
    "    assert total(parse(a), parse(b)) == parse(c)\n",
    "built by a helper": "def row(text):\n    return list(text)\ndef test():\n    assert total('x') == row('ab')\n",
    "built of names": "def row(*parts):\n    return [*parts]\nEND = 'ab'\ndef test():\n"
    "    assert total(WORDS) == row(END, 'c')\n",
    "rows of a helper": "def cases():\n    yield '1', 1\n    yield '2', 2\ndef test():\n"
    "    for text, want in cases():\n        assert total(text) == want\n",
    "a helper that asserts": "def check(text, want):\n    assert total(text) == want\ndef test():\n    check('1', 1)\n",
    "a helper that calls": "def run(text):\n    return total(text)\ndef test():\n    assert run('1') == 1\n",
    "a bound": "def test():\n    assert 1 <= total('x') <= 6\n",
    "a truth": "def test():\n    assert total('x')\n    assert not total('y')\n",
    "an element": "def test():\n    assert 'x' in total('y')\n",
    "elements of the input": "def test():\n    assert total(WORDS) == [WORDS[1], WORDS[0]]\n",
    "awaited": "import asyncio\ndef test():\n    assert asyncio.run(total('x')) == 'y'\n",
    "an approximation": "def test():\n    assert total(1) == pytest.approx(0.5)\n",
    "another type": "from datetime import date\ndef test():\n    assert total(date(2024, 1, 1)) == date(2024, 1, 2)\n",
    "collected": "def test():\n    found = []\n    for word in WORDS:\n        found.append(total(word))\n"
    "    assert found == [1, 2]\n",
    "nothing that is looked at": "def test():\n    total('x')\n    assert testing.recorded() == []\n",
}


@pytest.mark.parametrize("check", BY_HAND.values(), ids=BY_HAND)
def test_an_expectation_that_somebody_may_have_written_is_enough(check):
    assert told(check) == []


def test_a_file_is_enough_for_one_handler_where_something_is_written_for_another():
    assert told(FILE, "def test():\n    assert parse('1') == 1\n", handlers="total parse") == []
    assert len(told(FILE, FILE.replace("total", "parse"), handlers="total parse")) == 2


def test_a_second_implementation_is_not():
    second = SECOND + "def test():\n    assert total('1') == should_be('1')\n"
    assert len(told(second, "def test():\n    assert parse('1') == 1\n", handlers="total parse")) == 1


def test_what_ratchet_wrote_from_the_examples_is_not_the_authors():
    example = "def test_example_1():\n    assert total('1') == 1\n"
    ours = (TEST_PATH, ast.parse(f"{TEST_HEAD}\n{HEAD}\n{example}"))
    own = ("tests/test_examples.py", ast.parse(f"{HEAD}\n{example}"))
    bad = ("tests/test_plugin.py", ast.parse(f"{HEAD}\n{FILE}"))
    assert unwritten([ours], "plugin", {"total": "total"}, {"total"}) == []
    assert unwritten([ours, bad], "plugin", {"total": "total"}, {"total"}) != []
    assert unwritten([own, bad], "plugin", {"total": "total"}, {"total"}) == []


MODULE = "def squares(to: int) -> list[int]:\n    return [number**2 for number in range(to)]\n"


def judged_with(judged, check: str):
    tests = f"from plugin import squares\n\n\n{check}"
    found = judged(MODULE, tests, ManifestStage(), Tests(), Oracle(), handler="squares")
    return found, [item for item in found.stages["oracle"].findings if item.rule == "oracle.unwritten"]


def test_the_oracle_refuses_what_nobody_wrote(judged):
    second = """\
def should_be(size):
    found, step = [], 0
    while len(found) < size:
        found.append(step * step)
        step = step + 1
    return found


def test_squares():
    for size in range(4):
        assert squares(size) == should_be(size)
"""
    found, (told,) = judged_with(judged, second)
    assert found.rules("oracle") == {"oracle.unwritten"}
    assert (told.path, told.line) == ("tests/test_plugin.py", 14)
    assert "worked out by the tests" in told.message and "by hand" in told.hint
    found, told = judged_with(judged, second + "\n\ndef test_three():\n    assert squares(3) == [0, 1, 4]\n")
    assert told == [] and found.rules("oracle") == set()


SAME = ("plugin", {"total": "total", "sum_up": "total"}, {"total"})
ITSELF = {
    "another name": "assert total('a') == sum_up('b')",
    "a difference": "assert total('a') - total('b') == 0",
    "nearly no difference": "assert abs(total('a') - sum_up('b')) < 1e-9",
    "a share": "assert total('a') / total('b') == 1",
    "a function that compares": "import math\n    assert math.isclose(total('a'), total('b'))",
    "by getattr": "assert getattr(plugin, 'total')('a') == total('a')",
    "as texts": "assert str(total('a')) == str(sum_up('b'))",
}


@pytest.mark.parametrize("check", ITSELF.values(), ids=ITSELF)
def test_the_plugin_under_another_name_is_no_expectation(check: str) -> None:
    assert [line[3] for line in unwritten([("t.py", ast.parse(f"{HEAD}def test_it():\n    {check}\n"))], *SAME)]
    written = f"{HEAD}def test_it():\n    {check}\n    assert sum_up('a b') == 3\n"
    assert unwritten([("t.py", ast.parse(written))], *SAME) == []


DIFFERENT = [
    "total('a') - total('b') == 7",
    "total('a') - 3 == 0",
    "total('') == 0",
    "double(total('a')) - total('a') == 4",
]


@pytest.mark.parametrize("check", DIFFERENT)
def test_a_difference_that_somebody_wrote_is_one(check: str) -> None:
    assert told(f"def test_it():\n    assert {check}\n") == []


def test_functions_are_the_same_by_what_they_do() -> None:
    source = '''
def total(text, *, by=1):
    """Sum up."""
    return _sum(text, by)
def sum_up(words, by=1):
    return _sum(words, by=by)
def _sum(text, by):
    return len(text) * by
def count(text, by):
    """Count."""
    return len(text) * by
def half(text):
    return _sum(text, 2)
def turned(text, by):
    return _sum(text[::-1], by)
def around(text):
    return again(text)
def again(text):
    return around(text)
other = half
def length(text):
    return len(text)
shorter = len
'''
    found = aliases(ast.parse(source))
    same = {name for name, of in found.items() if of == "_sum"}
    assert same == {"total", "sum_up", "_sum", "count"}
    assert (found["half"], found["other"], found["turned"]) == ("half", "half", "turned")
    assert {"around", "again"} <= found.keys()
    assert found["length"] == "length"
    assert "shorter" not in found


JOINED = {
    "of a loop": "assert ','.join(total(word) for word in WORDS) == '1,2'",
    "mapped": "assert ' '.join(map(total, WORDS)) == '1 2'",
    "by repr": "assert repr([total(word) for word in WORDS]) == '[1, 2]'",
    "as JSON": "assert json.dumps([total(word) for word in WORDS]) == '[1, 2]'",
    "gathered": (
        "found = []\n    for one in WORDS:\n        found.append(total(one))\n    assert str(found) == '[1, 2]'"
    ),
    "by name": "found = [total(word) for word in WORDS]\n    text = ','.join(found)\n    assert text == '1,2'",
}
APART = {
    "one result": "assert ','.join(total('a b')) == '1,2'",
    "a row": "assert [total(word) for word in WORDS] == ['1', '2']",
    "one beside them": "assert ','.join(total(word) for word in WORDS) == '1,2'\n    assert total('a') == '1'",
    "what is given": "assert total(','.join(str(number) for number in range(3))) == '3'",
}


@pytest.mark.parametrize("check", JOINED.values(), ids=JOINED)
def test_results_in_one_text_are_no_expectation(check: str) -> None:
    (message,) = told(f"def test_it():\n    {check}\n")
    assert "one text that the tests make of many results" in message


@pytest.mark.parametrize("check", APART.values(), ids=APART)
def test_results_that_stand_apart_are(check: str) -> None:
    assert told(f"def test_it():\n    {check}\n") == []


RECORDED = """
@pytest.mark.parametrize(("text", "wanted"), [("a", 545.2365114805164), ("b", -3461.2141838246157), ("c", 0.0)])
def test_rows(text, wanted):
    assert total(text) == wanted
"""
NO_MORE = {
    "nothing beside": "",
    "nothing for nothing": "def test_none():\n    assert total('') == 0.0\n    assert total('x') == [1, 0]\n",
    "an error": "def test_no():\n    with pytest.raises(ValueError):\n        total('x')\n",
    "another function": "def test_other():\n    assert parse('1') == 12\n",
}
CHECKED = {
    "rounded": "def test_one():\n    assert total('a') == pytest.approx(545.2, abs=0.1)\n",
    "from elsewhere": "def test_one():\n    assert total('a') == pytest.approx(545.2365114805164)\n",
    "a whole number": "def test_one():\n    assert round(total('a')) == 545\n",
    "a bound": "def test_one():\n    assert 540 < total('a') < 550\n",
    "a third": "def test_one():\n    assert total('d') == 0.3333333333333333\n",
    "a root": "def test_one():\n    assert total('d') == {'root': 1.4142135623730951}\n",
}


def rules(*checks: str, exemplified: set[str] | None = None, path: str = "tests/test_plugin.py") -> list[str]:
    files = [(path, ast.parse(HEAD + "\n" + check)) for check in checks]
    own = {"total": "total", "parse": "parse"}
    return [line[0] for line in unwritten(files, "plugin", own, {"total"}, exemplified=exemplified or set())]


@pytest.mark.parametrize("beside", NO_MORE.values(), ids=NO_MORE)
def test_digits_that_only_the_code_gives_are_no_expectation(beside: str) -> None:
    assert rules(RECORDED + beside) == ["oracle.recorded"]


@pytest.mark.parametrize("beside", CHECKED.values(), ids=CHECKED)
def test_one_number_that_can_be_checked_is_enough(beside: str) -> None:
    assert rules(RECORDED + beside) == []
    assert rules(beside) == []


def test_digits_beside_a_file_are_both_told() -> None:
    assert rules(RECORDED + FILE) == ["oracle.unwritten"]
    (message,) = told(RECORDED + FILE)
    assert "comes out of a data file or has all the digits" in message


def test_where_a_person_said_what_comes_digits_may_be_recorded() -> None:
    assert rules(RECORDED, exemplified={"total"}) == []
    assert rules(RECORDED, exemplified={"parse"}) == ["oracle.recorded"]


def test_digits_of_a_function_say_nothing_of_another() -> None:
    both = "def test_both():\n    assert parse(total('a')) == {}\n"
    assert rules(both.format("545.2365114805164")) == ["oracle.recorded"]
    assert rules(both.format("545.2365114805164"), exemplified={"parse"}) == []
    assert rules("def test_one():\n    assert parse('a') == 545.2365114805164\n" + both.format("0")) == []
