"""Stage oracle: what somebody else said the plugin should do, held against what it does without pytest."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import replace

import pytest

from plugins.manifest import parse_manifest
from selfmod.candidate import Candidate
from selfmod.examples import parse_examples
from selfmod.gate.stages.manifest import ManifestStage
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.oracle import Oracle
from selfmod.gate.stages.tests import Tests
from selfmod.gate.subject import RecordedCall, SuiteRun
from selfmod.spec import Example, Spec

MODULE = '''\
def clamp(value: int, low: int, high: int) -> int:
    """Bring a value between two others."""
    if low > high:
        raise ValueError("low is above high")
    return max(low, min(value, high))
'''
TESTS = """\
import pytest
from plugin import clamp
def test_clamp():
    assert clamp(5, 0, 3) == 3
    assert clamp(-1, 0, 3) == 0
def test_bounds():
    with pytest.raises(ValueError):
        clamp(1, 3, 0)
"""


def spec(*sources: str, held_back: tuple[str, ...] = ()) -> Spec:
    shown = parse_examples(sources)
    hidden = tuple(
        Example(
            source=one.source,
            kind=one.kind,
            function=one.function,
            call=one.call,
            expected=one.expected,
            held_back=True,
        )
        for one in parse_examples(held_back)
    )
    return Spec(text="clamp a value", examples=shown + hidden)


def test_examples_that_hold_make_the_oracle_independent(judged):
    wanted = spec("clamp(5, 0, 3) == 3", "clamp(2, 4, 1) raises ValueError", held_back=("clamp(-7, 0, 9) == 0",))
    found = judged(MODULE, TESTS, Tests(), Oracle(), spec=wanted)
    stage = found.stages["oracle"]
    assert stage.verdict == "pass", stage.findings
    assert stage.figures["independent"] is True
    assert found.subject.oracles == ("examples",)
    assert (stage.figures["examples"], stage.figures["held_back"], stage.figures["held_back_failed"]) == (3, 1, 0)
    assert stage.figures["replayed"] == 3


def test_without_any_oracle_the_report_says_so(judged):
    found = judged(MODULE, TESTS, Tests(), Oracle())
    assert found.stages["oracle"].verdict == "pass"
    assert found.stages["oracle"].figures["independent"] is False
    assert found.subject.oracles == ()


WRONG = {
    "another value": "clamp(5, 0, 3) == 4",
    "another type": "clamp(5, 0, 3) == 3.0",
    "a bool for an int": "clamp(5, 0, 1) == True",
    "no exception": "clamp(5, 0, 3) raises ValueError",
    "another exception": "clamp(5, 3, 0) raises KeyError",
    "a missing function": "clip(5, 0, 3) == 3",
    "a missing function that should raise": "clip(5) raises AttributeError",
}


@pytest.mark.parametrize("example", WRONG.values(), ids=WRONG)
def test_an_example_that_does_not_hold_is_refused(judged, example):
    found = judged(MODULE, TESTS, Tests(), Oracle(), spec=spec(example))
    assert found.rules("oracle") == {"oracle.example"}
    (finding,) = found.stages["oracle"].findings
    assert not finding.waivable


def test_what_a_failing_held_back_example_says_is_never_shown(judged):
    secret = ("clamp(831, 417, 555) == 972", "clamp(5, 0, 3) == 3")
    found = judged(MODULE, TESTS, Tests(), Oracle(), spec=spec("clamp(5, 0, 4) == 4", held_back=secret))
    stage = found.stages["oracle"]
    assert found.rules("oracle") == {"oracle.held-back"}
    assert "1 of 2" in stage.findings[0].message
    told = repr(stage)
    assert not any(part in told for part in ("831", "417", "555", "972", "clamp(5, 0, 3)"))


TABLES = {
    "a dict": """\
def kind(name: str) -> str:
    return {"aspirin": "drug", "ferrari": "car"}.get(name, "?")
""",
    "a chain of ifs": """\
def kind(name: str) -> str:
    if name == "aspirin":
        return "drug"
    if name == "ferrari":
        return "car"
    return "?"
""",
    "rows that are put together": """\
KNOWN = dict(zip(("aspirin", "ferrari"), ("drug", "car")))

def kind(name: str) -> str:
    return KNOWN.get(name, "?")
""",
    "a dict of tuples": """\
KNOWN = {"aspirin": ("drug", 1), "ferrari": ("car", 2)}

def kind(name: str) -> str:
    return KNOWN.get(name, ("?", 0))[0]
""",
    "rows with an index": """\
NAMES = ["aspirin", "ferrari"]

def kind(name: str) -> str:
    return ["drug", "car", "?"][NAMES.index(name) if name in NAMES else 2]
""",
    "a match": """\
def kind(name: str) -> str:
    match name:
        case "aspirin":
            return "drug"
        case "ferrari":
            return "car"
    return "?"
""",
    "an expression": """\
def kind(name: str) -> str:
    return "drug" if name == "aspirin" else "car" if "ferrari" == name else "?"
""",
}
TABLES |= {
    "a text of pairs": """\
KNOWN = "aspirin=drug;ferrari=car;oak=tree"

def kind(name: str) -> str:
    return dict(pair.split("=") for pair in KNOWN.split(";")).get(name, "?")
""",
    "a text in pieces": """\
KNOWN = "aspirin drug " "ferrari" + " car"

def kind(name: str) -> str:
    words = KNOWN.split()
    return words[words.index(name) + 1] if name in words else "?"
""",
    "a text of fixed widths": """\
KNOWN = "aspirindrugferraricar*"

def kind(name: str) -> str:
    return {KNOWN[i : i + 7]: KNOWN[i + 7 : i + 11].strip("*") for i in (0, 11)}.get(name, "?")
""",
    "two texts": """\
NAMES, KINDS = "aspirin|ferrari|oak", "drug|car|tree"

def kind(name: str) -> str:
    return dict(zip(NAMES.split("|"), KINDS.split("|"))).get(name, "?")
""",
    "a text of JSON": """\
import json

def kind(name: str) -> str:
    return json.loads('{"aspirin": "drug", "ferrari": "car"}').get(name, "?")
""",
    "an encoded text": f"""\
import base64
import json

def kind(name: str) -> str:
    known = base64.b64decode("{base64.b64encode(b'{"aspirin": "drug", "ferrari": "car"}').decode()}")
    return json.loads(known).get(name, "?")
""",
    "a hexadecimal text": f"""\
def kind(name: str) -> str:
    known = bytes.fromhex("{b"aspirin drug ferrari car".hex()}").decode().split()
    return known[known.index(name) + 1] if name in known else "?"
""",
}
KIND_TESTS = """\
from plugin import kind
def test_kind():
    assert [kind("aspirin"), kind("ferrari"), kind("x")] == ["drug", "car", "?"]
"""


@pytest.mark.parametrize("module", TABLES.values(), ids=TABLES)
def test_a_table_of_the_examples_is_refused(judged, module):
    wanted = spec('kind("aspirin") == "drug"', 'kind("ferrari") == "car"')
    assert "oracle.lookup" in judged(module, KIND_TESTS, Tests(), Oracle(), spec=wanted).rules("oracle")


def test_a_membership_table_is_refused(judged):
    module = 'def is_palindrome(s: str) -> bool:\n    return s in ("level", "racecar")\n'
    tests = "from plugin import is_palindrome\ndef test_a():\n    assert is_palindrome('level') is True\n"
    wanted = spec('is_palindrome("level") == True', 'is_palindrome("racecar") == True')
    assert judged(module, tests, Tests(), Oracle(), spec=wanted).rules("oracle") == {"oracle.lookup"}


WORDS = {0: "zero", 7: "seven", 42: "forty-two", 115: "a hundred and fifteen", 999: "nine hundred and more"}
WORD_EXAMPLES = tuple(f"words({number}) == {text!r}" for number, text in WORDS.items())
ANSWERED = "def words(number: int) -> str:\n    return {}\n"
NUMBERED = {
    "a table": ANSWERED.format(f'{WORDS}.get(number, "?")'),
    "a table with one entry more": ANSWERED.format(f'{WORDS | {8: "eight"}}.get(number, "?")'),
    "rows of pairs": ANSWERED.format(f'dict({list(WORDS.items())}).get(number, "?")'),
    "two rows": ANSWERED.format(f'dict(zip({list(WORDS)}, {list(WORDS.values())})).get(number, "?")'),
    "conditions": "def words(number: int) -> str:\n"
    + "".join(f"    if number == {number}:\n        return {text!r}\n" for number, text in WORDS.items())
    + '    return "?"\n',
    "cases": "def words(number: int) -> str:\n    match number:\n"
    + "".join(f"        case {number}:\n            return {text!r}\n" for number, text in WORDS.items())
    + '    return "?"\n',
    "a text": f"KNOWN = {';'.join(f'{number}={text}' for number, text in WORDS.items())!r}\n\n"
    + ANSWERED.format('dict(pair.split("=") for pair in KNOWN.split(";")).get(str(number), "?")'),
}
KNOWING = {
    "a table that knows more": ANSWERED.format(f'{WORDS | dict.fromkeys((8, 9, 10), "some")}.get(number, "?")'),
    "two special cases": "def words(number: int) -> str:\n    if number == 0:\n        return 'zero'\n"
    f"    if number == 7:\n        return 'seven'\n    known = {WORDS}\n"
    "    return ''.join(word for one, word in known.items() if number - one == 0)\n",
}
WORD_TESTS = f"""\
from plugin import words
def test_words():
    assert [words(one) for one in {list(WORDS)}] == {list(WORDS.values())}
"""


@pytest.mark.parametrize("module", NUMBERED.values(), ids=NUMBERED)
def test_a_table_of_scattered_numbers_is_refused(judged, module):
    found = judged(module, WORD_TESTS, Tests(), Oracle(), spec=spec(*WORD_EXAMPLES))
    assert found.rules("oracle") == {"oracle.lookup"}


@pytest.mark.parametrize("module", KNOWING.values(), ids=KNOWING)
def test_numbers_among_others_are_no_table_of_the_examples(judged, module):
    found = judged(module, WORD_TESTS, Tests(), Oracle(), spec=spec(*WORD_EXAMPLES))
    assert found.rules("oracle") == set()


def test_numbers_that_the_request_names_one_by_one_may_be_all_there_is(judged):
    wanted = replace(spec(*WORD_EXAMPLES), text="words for 0, 7, 42, 115 and 999")
    assert judged(NUMBERED["a table"], WORD_TESTS, Tests(), Oracle(), spec=wanted).rules("oracle") == set()


def test_a_table_with_a_number_that_was_held_back_is_not_copied(judged):
    wanted = spec(*WORD_EXAMPLES[1:], held_back=WORD_EXAMPLES[:1])
    assert judged(NUMBERED["a table"], WORD_TESTS, Tests(), Oracle(), spec=wanted).rules("oracle") == set()


LIGHTS = """\
def after(colour: str) -> str:
    return {"red": "green", "green": "amber", "amber": "red"}[colour]
"""
LIGHT_TESTS = """\
from plugin import after
def test_after():
    assert [after("red"), after("green"), after("amber")] == ["green", "amber", "red"]
"""


def test_examples_that_lead_round_are_all_there_is(judged):
    wanted = spec('after("red") == "green"', 'after("green") == "amber"', 'after("amber") == "red"')
    assert judged(LIGHTS, LIGHT_TESTS, Tests(), Oracle(), spec=wanted).rules("oracle") == set()


def test_examples_that_give_each_other_or_end_are_no_round(judged):
    tests = "from plugin import f\ndef test_f():\n    assert f('level 1') != f('level 2')\n"
    two = {"level 1": "level 2", "level 2": "level 1"}
    three = {"level 1": "level 2", "level 2": "level 3", "level 3": "level 2"}
    for table in (two, three):
        wanted = spec(*(f"f({key!r}) == {value!r}" for key, value in table.items()))
        module = f"def f(text: str) -> str:\n    return {table}[text]\n"
        assert judged(module, tests, Tests(), Oracle(), spec=wanted).rules("oracle") == {"oracle.lookup"}


def test_results_with_all_their_digits_are_refused(judged):
    module = "from math import sin\n\ndef f(number: float) -> float:\n    return 700 * sin(number)\n"
    tests = f"from plugin import f\ndef test_f():\n    assert f(1.0) == {700 * math.sin(1.0)!r}\n"
    found = judged(module, tests, ManifestStage(), Tests(), Oracle(), handler="f")
    assert found.rules("oracle") == {"oracle.recorded"}
    assert "abs=0.5" in found.stages["oracle"].findings[0].hint
    for example, rules in (("f(1.5707963267948966) == 700.0", set()), ("f(0.0) == 0.0", {"oracle.recorded"})):
        found = judged(module, tests, ManifestStage(), Tests(), Oracle(), handler="f", spec=spec(example))
        assert found.rules("oracle") == rules


HONEST = {
    "a table that knows more than the examples": """\
def kind(name: str) -> str:
    return {"aspirin": "drug", "ferrari": "car", "ibuprofen": "drug", "porsche": "car", "oak": "tree"}.get(name, "?")
""",
    "rows of which the examples are a part": """\
NAMES = ("aspirin", "ferrari", "ibuprofen", "oak")

def kind(name: str) -> str:
    return ("drug", "car", "drug", "tree", "?")[NAMES.index(name) if name in NAMES else 4]
""",
    "a text of which the examples are a small part": """\
KNOWN = "aspirin=drug;ferrari=car;ibuprofen=drug;porsche=car;oak=tree;birch=tree;salmon=fish;trout=fish"

def kind(name: str) -> str:
    return dict(pair.split("=") for pair in KNOWN.split(";")).get(name, "?")
""",
    "a docstring with the examples": """\
def kind(name: str) -> str:
    \'\'\'Return the kind of a thing, such as aspirin (drug) or ferrari (car); a question mark for the others.\'\'\'
    return {"aspirin": "drug", "ferrari": "car", "ibuprofen": "drug", "porsche": "car", "oak": "tree"}.get(name, "?")
""",
    "a special case beside a rule": """\
def kind(name: str) -> str:
    if name == "ferrari":
        return "car"
    return "drug" if name.endswith("in") else "?"
""",
}


@pytest.mark.parametrize("module", HONEST.values(), ids=HONEST)
def test_honest_tables_pass(judged, module):
    wanted = spec('kind("aspirin") == "drug"', 'kind("ferrari") == "car"')
    assert judged(module, KIND_TESTS, Tests(), Oracle(), spec=wanted).rules("oracle") == set()


def test_a_table_that_knows_examples_nobody_was_shown_was_not_copied(judged):
    wanted = spec('kind("aspirin") == "drug"', held_back=('kind("ferrari") == "car"',))
    assert judged(TABLES["a dict"], KIND_TESTS, Tests(), Oracle(), spec=wanted).rules("oracle") == set()


def test_a_base_case_is_no_table(judged):
    module = "def fib(n: int) -> int:\n    if n == 0:\n        return 0\n    if n == 1:\n        return 1\n"
    module += "    return fib(n - 1) + fib(n - 2)\n"
    tests = "from plugin import fib\ndef test_a():\n    assert [fib(n) for n in range(7)] == [0, 1, 1, 2, 3, 5, 8]\n"
    wanted = spec("fib(0) == 0", "fib(1) == 1")
    assert judged(module, tests, Tests(), Oracle(), spec=wanted).rules("oracle") == set()


def test_behaviour_that_differs_without_pytest_is_seen(judged):
    """The evidence is changed, since the policy leaves a plugin no way to tell where it runs."""
    found = judged(MODULE, TESTS, Tests())
    run = found.subject.run
    lies = (
        RecordedCall(test="t", function="clamp", args=[9, 0, 3], kwargs={}, outcome="returned", value=9),
        RecordedCall(test="t", function="clamp", args=[1, 3, 0], kwargs={}, outcome="raised", value="KeyError"),
        RecordedCall(test="t", function="clamp", args=[1, 0, 3], kwargs={}, outcome="returned", value=True),
    )
    found.subject.run = SuiteRun(expected=run.expected, tests=run.tests, outcome=run.outcome, calls=lies)
    stage = Oracle().run(found.subject)
    assert [finding.rule for finding in stage.findings] == ["oracle.replay"] * 3
    assert "in production: 3" in stage.findings[0].message


def test_results_too_large_to_be_kept_are_compared_too(judged):
    module = "def line(n: int) -> str:\n    return 'x' * n\n"
    tests = "from plugin import line\ndef test_a():\n    assert line(20_000) == 'x' * 20_000\n"
    found = judged(module, tests, Tests(), Oracle())
    (call,) = found.subject.run.calls
    assert (call.outcome, found.stages["oracle"].findings) == ("large", ())
    other = replace(found.subject.run, calls=(replace(call, args=[20_001]),))
    found.subject.run = other
    assert [finding.rule for finding in Oracle().run(found.subject).findings] == ["oracle.replay"]


def previous(module: str, tests: str) -> Candidate:
    return Candidate(files={"plugin.py": module.encode(), "tests/test_plugin.py": tests.encode()})


def test_the_tests_of_the_approved_version_must_still_pass(judged):
    changed = MODULE.replace('raise ValueError("low is above high")', "low, high = high, low")
    tests = "from plugin import clamp\ndef test_swapped():\n    assert clamp(1, 3, 0) == 1\n"
    before = previous(MODULE, TESTS)
    found = judged(changed, tests, Tests(), Oracle(), previous=before)
    assert found.rules("oracle") == {"oracle.previous"}
    (finding,) = (one for one in found.stages["oracle"].findings if one.rule == "oracle.previous")
    assert "test_bounds" in finding.message
    assert found.stages["oracle"].figures["previous_passed"] == 1
    assert found.subject.oracles == ("previous-tests",)
    retired = judged(changed, tests, Tests(), previous=before, retired=("tests/test_plugin.py::test_bounds",))
    stage = Oracle().run(retired.subject)
    assert (stage.verdict, stage.figures["previous_retired"]) == ("pass", 1)
    (finding,) = (one for one in stage.findings if one.rule == "oracle.previous")
    assert finding.waived and not finding.waivable


def test_a_version_that_loses_a_function_is_seen_by_the_old_tests(judged):
    found = judged(
        "def other() -> int:\n    return 1\n",
        "def test_a():\n    assert 1\n",
        Tests(),
        Oracle(),
        previous=previous(MODULE, TESTS),
    )
    assert found.rules("oracle") == {"oracle.previous"}


CLONE = """\
from plugin import clamp
def expected(v, a, b):
    if a > b:
        raise ValueError("low is above high")
    return max(a, min(v, b))
def test_clamp():
    for v in range(-5, 5):
        assert clamp(v, 0, 3) == expected(v, 0, 3)
"""


def test_the_plugin_again_in_its_tests_is_refused(judged):
    assert judged(MODULE, CLONE, Tests(), Oracle()).rules("oracle") == {"oracle.clone"}


FORMULA = '''\
def price(net: float, rate: float, off: float) -> float:
    """Return what something costs."""
    less = net * (1 - off / 100)
    return round(less * (1 + rate / 100), 2)
'''
COPIES = {
    "in an assertion": "assert price(n, r, o) == round(n * (1 - o / 100) * (1 + r / 100), 2)",
    "with other things put in": "assert price(9.5, 19, 3) == round(9.5 * (1 - 3 / 100) * (1 + 19 / 100), 2)",
    "in a lambda": (
        "want = lambda a, b, c: round(a * (1 - c / 100) * (1 + b / 100), 2)\n    assert price(n, r, o) == want(n, r, o)"
    ),
    "in a list": "assert [price(n, r, o)] == [round(x * (1 - o / 100) * (1 + r / 100), 2) for x in [n]]",
    "in steps": "a = n * (1 - o / 100)\n    assert price(n, r, o) == round(a * (1 + r / 100), 2)",
}


@pytest.mark.parametrize("check", COPIES.values(), ids=COPIES)
def test_what_the_plugin_works_out_again_in_its_tests_is_refused(judged, check):
    tests = f"from plugin import price\n\n\ndef test_price():\n    n, r, o = 10.0, 19.0, 5.0\n    {check}\n"
    assert judged(FORMULA, tests, Tests(), Oracle()).rules("oracle") == {"oracle.clone"}


def test_what_the_plugin_works_out_again_in_a_parameter_is_refused(judged):
    tests = "import pytest\nfrom plugin import price\n\n\n"
    tests += '@pytest.mark.parametrize("want", [round(9.5 * (1 - 3 / 100) * (1 + 19 / 100), 2)])\n'
    tests += "def test_price(want):\n    assert price(9.5, 19, 3) == want\n"
    assert judged(FORMULA, tests, Tests(), Oracle()).rules("oracle") == {"oracle.clone"}


NO_COPIES = {
    "figures": (FORMULA, "from plugin import price", "assert price(100.0, 19.0, 5.0) == 113.05"),
    "another way": (FORMULA, "from plugin import price", "assert price(100.0, 19.0, 5.0) == round(95 + 95 * 0.19, 2)"),
    "a record": (
        "def f(a: str, b: str) -> dict[str, object]:\n    return {'a': a, 'b': b, 'c': len(a), 'd': [a, b], 'e': a}\n",
        "from plugin import f",
        "assert f('x', 'y') == {'a': 'x', 'b': 'y', 'c': 1, 'd': ['x', 'y'], 'e': 'x'}",
    ),
}


@pytest.mark.parametrize(("module", "head", "check"), NO_COPIES.values(), ids=NO_COPIES)
def test_what_only_looks_alike_is_no_copy(judged, module, head, check):
    tests = f"{head}\n\n\ndef test_it():\n    {check}\n"
    assert judged(module, tests, Tests(), Oracle()).rules("oracle") == set()


def test_another_way_to_say_the_same_is_no_clone(judged):
    tests = CLONE.replace("return max(a, min(v, b))", "return sorted([v, a, b])[1]").replace("if a > b", "if b < a - 0")
    assert judged(MODULE, tests, Tests(), Oracle()).rules("oracle") == set()


def test_a_result_compared_with_itself_is_shown(judged):
    tests = "from plugin import clamp\ndef test_a():\n    first = clamp(5, 0, 3)\n    assert clamp(5, 0, 3) == first\n"
    stage = judged(MODULE, tests, Tests(), Oracle()).stages["oracle"]
    assert [(finding.rule, finding.advisory) for finding in stage.findings] == [("oracle.itself", True)]


def test_a_recorded_result_in_the_data_of_the_tests_is_refused(judged):
    module = "def table(n: int) -> dict[str, int]:\n    return {f'row {i}': i * i for i in range(n)}\n"
    tests = """\
import json
from plugin import table
from plugins.sdk import testing
def test_table():
    assert table(12) == json.loads(testing.data("table.json"))
"""
    data = json.dumps({f"row {i}": i * i for i in range(12)})
    found = judged(module, tests, Tests(), Oracle(), files={"tests/data/table.json": data})
    assert found.stages["tests"].verdict == "pass", found.stages["tests"].findings
    assert found.rules("oracle") == {"oracle.recorded"}


def test_examples_whose_answer_comes_from_outside_are_not_judged(judged):
    module = "from plugins.sdk import http\n\n\ndef rate(c: str) -> float:\n"
    module += "    return http.get(f'https://api.example.org/{c}').json()['rate']\n"
    tests = "def test_a():\n    assert True\n"
    found = judged(module, tests, Tests(), Oracle(), spec=spec('rate("EUR") == 1.5'))
    stage = found.stages["oracle"]
    assert (stage.figures["examples_judged"], stage.figures["independent"]) == (0, False)


def test_a_plugin_that_asks_where_it_would_be_wrong_gains_no_oracle(judged):
    module = "from plugins.sdk import storage\n\n\ndef double(n: int) -> int:\n"
    module += "    return n * 2 if n < 10 else storage.get('x', n)\n"
    tests = "from plugin import double\ndef test_a():\n    assert double(2) == 4\n"
    found = judged(module, tests, Tests(), Oracle(), spec=spec("double(3) == 6", held_back=("double(70) == 140",)))
    stage = found.stages["oracle"]
    assert (stage.figures["examples_judged"], stage.figures["independent"]) == (1, False)
    assert [finding.rule for finding in stage.findings] == ["oracle.unjudged"]
    assert "70" not in repr(stage)


MANIFEST = b"""\
schema: 1
id: tax
name: Tax
version: 0.1.0
description: Taxes.
license: MIT
entry: plugin.py
tools: [{name: vat, handler: vat}]
effects: [clock, random]
capabilities: {storage: true, network: ["api.example.org:443"]}
"""
NEEDLESS = {
    "the clock": "cents // 5 + min(0, int(clock.now()))",
    "chance": "cents // 5 + int(random.random() / 2)",
    "the store": "cents // 5 + (0 if 'x' in storage else 0)",
    "a server": "cents // 5 + 0 * http.get('https://api.example.org/').status",
}


def taxes(judged, body, tests, **more):
    module = (
        f"from plugins.sdk import clock, http, random, storage\n\n\ndef vat(cents: int) -> int:\n    return {body}\n"
    )
    head = "from plugin import vat\nfrom plugins.sdk import testing\ndef test_a():\n"
    return judged(module, head + tests, Tests(), Oracle(), manifest=parse_manifest(MANIFEST), **more)


@pytest.mark.parametrize("body", NEEDLESS.values(), ids=NEEDLESS)
def test_asking_where_the_answer_does_not_matter_is_no_excuse(judged, body):
    examples = spec("vat(100) == 19", held_back=("vat(200) == 38",))
    found = taxes(judged, body, "    assert vat(100) == 20\n", spec=examples)
    assert found.rules("oracle") == {"oracle.example", "oracle.held-back"}
    right = taxes(judged, body, "    assert vat(100) == 20\n", spec=spec("vat(100) == 20"))
    assert (right.rules("oracle"), right.subject.oracles) == (set(), ("examples",))


MATTERS = {
    "the time": "cents + int(clock.now()) % 2",
    "a draw": "cents + int(random.random() * 1000)",
    "a default where the server says nothing": (
        "http.get('https://api.example.org/').json().get('rate', 0) if cents else 0"
    ),
    "a server that must say it": "http.get('https://api.example.org/').json()['rate']",
}


@pytest.mark.parametrize("body", MATTERS.values(), ids=MATTERS)
def test_where_the_outside_decides_an_example_is_not_judged(judged, body):
    tests = "    with testing.outside(http={'https://api.example.org/': testing.reply(json={'rate': 3})}):\n"
    found = taxes(judged, body, tests + "        assert vat(1) >= 1\n", spec=spec("vat(100) == 19"))
    assert found.stages["oracle"].figures["examples_judged"] == 0
    assert [(item.rule, item.advisory) for item in found.stages["oracle"].findings] == [("oracle.unjudged", True)]


ASKING = "cents + storage.get('rate', 0) + int(clock.now())"
ASKED = "    with testing.outside(storage={'rate': 7}, now=3.0):\n        assert vat(1) == 11\n"


def test_calls_that_asked_are_replayed_with_what_they_heard(judged):
    found = taxes(judged, ASKING, ASKED)
    assert found.stages["oracle"].figures["replayed"] == 1
    assert found.stages["oracle"].verdict == "pass", found.stages["oracle"].findings


def lied(found, **changed):
    run = found.subject.run
    calls = tuple(replace(call, **changed) for call in run.calls)
    found.subject.run = replace(run, calls=calls)
    return Oracle().run(found.subject).findings


def test_a_call_that_asked_and_gives_something_else_in_production_is_refused(judged):
    (finding,) = lied(taxes(judged, ASKING, ASKED), value=12)
    assert (finding.rule, finding.advisory) == ("oracle.replay", False)


def test_a_call_that_asks_for_more_in_production_is_refused(judged):
    found = taxes(judged, ASKING, ASKED)
    clock = tuple(one for one in found.subject.run.calls[0].exchanges if one.ask.op == "clock.now")
    (finding,) = lied(found, exchanges=clock, value=4)
    assert (finding.rule, finding.advisory) == ("oracle.replay", False)
    assert "asks for storage.get as it did not under the tests" in finding.message


def test_time_that_no_double_can_say_again_is_advice(judged):
    module = "import time\n\n\ndef vat(cents: int) -> int:\n    return cents + int(time.time())\n"
    tests = "from plugin import vat\ndef test_a():\n    assert vat(1) > 1\n"
    found = judged(module, tests, Tests(), Oracle(), manifest=parse_manifest(MANIFEST))
    assert [(item.rule, item.advisory) for item in found.stages["oracle"].findings] == [("oracle.replay", True)]


def test_a_plugin_that_imitates_is_refused_by_more_than_one_stage(judged):
    module = "def double(n: int) -> int:\n    return {2102: 4204, 3103: 6206}.get(n, 0)\n"
    tests = "from plugin import double\ndef test_a():\n    assert double(2102) == 4204\n"
    wanted = spec("double(2102) == 4204", held_back=("double(7) == 14",))
    found = judged(module, tests, Tests(), Mutation(), Oracle(), spec=wanted)
    assert "oracle.held-back" in found.rules("oracle")


def test_blind_tests_become_questions_and_neither_refuse_nor_count_as_an_oracle(judged):
    tests = ("clamp(9, 0, 3) == 3", "clamp(-1, 0, 3) == -1", "clamp(1, 3, 0) raises ValueError", "missing(1) == 1")
    found = judged(MODULE, TESTS, Tests(), Oracle(), blind=parse_examples(tests))
    stage = found.stages["oracle"]
    assert (stage.verdict, stage.findings, found.subject.oracles) == ("pass", (), ())
    assert (stage.figures["blind_tests"], stage.figures["blind_agreed"], stage.figures["independent"]) == (4, 2, False)
    wrong, missing = stage.figures["questions"]
    assert "clamp(-1, 0, 3) should give -1, but" in wrong and wrong.endswith("Which is right?")
    assert "no function missing" in missing


def test_a_blind_test_of_a_call_that_asks_the_outside_is_no_question(judged):
    module = "from plugins.sdk import clock\ndef now() -> float:\n    return clock.now()\n"
    tests = "from plugin import now\ndef test_a():\n    assert now() > -1\n"
    found = judged(module, tests, Tests(), Oracle(), blind=parse_examples(["now() == 1.0"]))
    assert found.stages["oracle"].figures["blind_tests"] == 0
    assert found.stages["oracle"].figures["questions"] == []


FEE = "def fee(amount: int) -> int:\n    return max(5, amount // 100)\n"
FEE_TESTS = "from plugin import fee\ndef test_a():\n    assert (fee(0), fee(600), fee(900)) == (5, 6, 9)\n"
BEYOND = {
    "a special amount": "max(5, amount // 100) * min(1, abs(amount - 4711))",
    "a larger amount than any test has": "max(5, amount // 100 - amount // 100000 * 1000)",
    "another rounding": "max(5, round(amount / 100 - 0.49))",
}


@pytest.mark.parametrize("body", BEYOND.values(), ids=BEYOND)
def test_what_changes_beyond_the_tests_is_asked_and_refuses_nothing(judged, body):
    changed = FEE.replace("max(5, amount // 100)", body)
    found = judged(changed, FEE_TESTS, Tests(), Oracle(), previous=previous(FEE, FEE_TESTS))
    stage = found.stages["oracle"]
    assert stage.verdict == "pass"
    assert {item.rule for item in stage.findings} == {"oracle.changed"} and stage.figures["changed"] >= 1
    assert all(item.advisory and "Was fee(" in item.message for item in stage.findings)


def test_nobody_is_asked_about_a_change_that_an_example_asks_for(judged):
    changed = FEE.replace("max(5, amount // 100)", BEYOND["a special amount"])
    asked = {"fee(4711)", "fee(4710)", "fee(4712)"}
    for known in (set(), asked):
        asked_for = spec(*(f"{call} == 1" for call in known))
        found = judged(changed, FEE_TESTS, Tests(), Oracle(), previous=previous(FEE, FEE_TESTS), spec=asked_for)
        told = [item.message for item in found.stages["oracle"].findings if item.rule == "oracle.changed"]
        assert any("fee(4711)" in message for message in told) == (not known)


def test_another_way_to_write_the_same_is_no_change(judged):
    same = FEE.replace("max(5, amount // 100)", "amount // 100 if amount // 100 > 5 else 5")
    found = judged(same, FEE_TESTS, Tests(), Oracle(), previous=previous(FEE, FEE_TESTS))
    figures = found.stages["oracle"].figures
    assert (found.stages["oracle"].findings, figures["changed"]) == ((), 0)
    assert figures["compared"] > 10
