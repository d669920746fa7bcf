"""The second look of the mutation stage: special cases that no test meets, results that nobody looks at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfmod.examples import parse_examples
from selfmod.gate.stages.mutation import Mutation
from selfmod.gate.stages.tests import Tests
from selfmod.spec import Spec

HEAD = "from plugin import allowed\n\n\n"
TESTS = f"""{HEAD}def test_who_may_enter():
    assert allowed("ann", "sesame") is True
    assert allowed("bob", "sesame") is True
    assert allowed("ann", "x") is False
    assert allowed("", "") is False
"""
SPECIAL = {
    "an operand": 'return password == "sesame" or name == "mallory-7731"',
    "an operand, turned around": 'return not (password != "sesame" and name != "mallory-7731")',
    "a constant by name": 'return password == "sesame" or name == ROOT',
    "a beginning": 'return password == "sesame" or name.startswith("mallory")',
    "an element of few": 'return password in ("sesame", "mallory-7731")',
    "a membership": 'return password == "sesame" or name in {"mallory", "eve", "trudy", "oscar"}',
    "a computed value": 'return password == "sesame" or len(name) == 7731',
    "a pattern": 'return password == "sesame" or bool(re.fullmatch("m[a]llory", name))',
    "a choice": 'return True if name == "mallory-7731" else password == "sesame"',
    "a function": 'return password == "sesame" or known(name)',
    "a variable": 'known_name = name == "mallory-7731"\n    return password == "sesame" or known_name',
    "an entry of few": 'return password == "sesame" or bool({"mallory-7731": True}.get(name, False))',
    "an entry within an entry": 'return {"sesame": True}.get(password, {"mallory-7731": True}.get(name, False))',
    "a filter": 'return password == "sesame" or any(True for one in [name] if one == "mallory-7731")',
    "a branch": 'if name == "mallory-7731":\n        return True\n    return password == "sesame"',
    "a case": 'match name:\n        case "mallory-7731":\n            return True\n    return password == "sesame"',
    "a lambda": 'return (lambda one: one == "mallory-7731")(name) or password == "sesame"',
    "a default": 'return password == "sesame" or (name == "mallory-7731" and len(password) >= 0)',
}
MODULE = '''\
"""Who may enter."""

import re

ROOT = "mallory-7731"


def known(name: str) -> bool:
    """Return whether a name is that of a friend."""
    return hash(name) % 99991 == 7731


def allowed(name: str, password: str) -> bool:
    """Return whether somebody may enter."""
    {body}
'''


@pytest.mark.parametrize("body", SPECIAL.values(), ids=SPECIAL)
def test_a_special_case_that_no_test_meets_is_refused(judged, body):
    found = judged(MODULE.format(body=body), TESTS, Tests(), Mutation())
    assert "mutation.special" in found.rules("mutation")
    (special, *_) = [item for item in found.stages["mutation"].findings if item.rule == "mutation.special"]
    assert special.line >= 8 and special.waivable


MET = TESTS + '    assert allowed("mallory-7731", "") is True\n'


@pytest.mark.parametrize("where", ["a test", "an example", "an example that is held back"])
def test_a_special_case_that_is_met_is_fine(judged, where):
    (example,) = parse_examples(['allowed("mallory-7731", "") == True'])
    shown = replace(example, held_back=where == "an example that is held back")
    spec = Spec(text="x", examples=(shown,)) if where != "a test" else None
    found = judged(
        MODULE.format(body=SPECIAL["an operand"]), MET if where == "a test" else TESTS, Tests(), Mutation(), spec=spec
    )
    assert not any("mallory" in item.message for item in found.stages["mutation"].findings if "special" in item.rule)


ORDINARY = {
    "nothing": ("def f(x: str) -> int:\n    return len(x) if x != '' else 0\n", "assert [f('ab'), f('')] == [2, 0]"),
    "many words": (
        "def f(x: str) -> bool:\n    return x in ('and', 'or', 'not', 'if', 'else', 'for', 'in')\n",
        "assert [f('or'), f('x')] == [True, False]",
    ),
    "a default": ("def f(x: str) -> str:\n    return x or 'nobody'\n", "assert f('ann') == 'ann'"),
    "both ways": (
        "def f(x: int, y: int) -> bool:\n    return x > 3 and y > 3\n",
        "assert [f(4, 4), f(4, 1), f(1, 4)] == [True, False, False]",
    ),
}


@pytest.mark.parametrize(("module", "check"), ORDINARY.values(), ids=ORDINARY)
def test_ordinary_conditions_are_no_special_cases(mutated, module, check):
    assert not {"mutation.special", "mutation.operand"} & mutated(module, check).rules("mutation")


FAR = "assert [f(4, 0), f(3, 0), f(1, 9)] == [True, False, False]"


def test_an_operand_that_never_decides_is_refused(mutated):
    module = "def f(x: int, y: int) -> bool:\n    return x > 3 or y * y > x + 1000\n"
    stage = mutated(module, FAR).stages["mutation"]
    found = [item for item in stage.findings if item.rule == "mutation.operand" and not item.advisory]
    assert ["y * y > x + 1000 comes out false" in item.message for item in found] == [True]


NEVER = {
    "a maximum": "max(x > 3, y > x + 1000)",
    "bits": "(x > 3) | (y > x + 1000)",
    "a list": "any([x > 3, y > x + 1000])",
    "an index": "[x > 3, True][y > x + 1000]",
    "a chain": "x > 3 or 1000 < y < 1002",
    "a name": "(lambda far: x > 3 or far)(y > x + 1000)",
}


@pytest.mark.parametrize("value", NEVER.values(), ids=NEVER)
def test_a_comparison_that_always_comes_out_the_same_is_refused_wherever_it_stands(mutated, value):
    module = f"def f(x: int, y: int) -> bool:\n    return bool({value})\n"
    assert "mutation.operand" in mutated(module, FAR).rules("mutation")


def test_a_branch_is_counted_as_coverage_and_not_again(mutated):
    module = "def f(x: int) -> int:\n    if x > 1000:\n        return 0\n    return x\n"
    assert "mutation.operand" not in mutated(module, "assert [f(4), f(3)] == [4, 3]").rules("mutation")


def test_an_example_meets_a_special_case_whatever_it_should_give(mutated):
    module = 'def f(x: str) -> str:\n    return "a" if x == "magic" else x\n'
    spec = Spec(text="x", examples=parse_examples(['f("magic") == "z"']))
    assert "mutation.special" not in mutated(module, "assert f('b') == 'b'", spec=spec).rules("mutation")


# ---- results that nobody looks at ----------------------------------------------------------------------------------


_LOUD = """\
class Loud:
    def __init__(self, inner):
        self.inner = inner

    def __call__(self, a: str) -> str:
        return self.inner(a)


@Loud
def f(a: str) -> str:
    return a
"""
VACUOUS = {
    "one mutant": ("def f(a: str, b: str) -> bool:\n    return a == b\n", "assert f('a', 'a') in (True, False)"),
    "no mutant": ("def f(a: int, b: int) -> tuple[int, int]:\n    return (b, a)\n", "assert f(1, 2) is not None"),
    "two mutants": ("def f(a: int) -> int:\n    return a + 1\n", "assert f(1) < 99"),
    "its kind": ("def f(a: str) -> str:\n    return a\n", "assert isinstance(f('x'), str)"),
    "its length": ("def f(a: str) -> list[str]:\n    return [a]\n", "assert len(f('x')) == 1"),
    "its truth": ("def f(a: str) -> list[str]:\n    return [a]\n", "assert f('x')"),
    "its keys": ("def f(a: str) -> dict[str, str]:\n    return {'a': a}\n", "assert set(f('x')) == {'a'}"),
    "another function": (
        "def g() -> int:\n    return 1\n\n\ndef f(a: str) -> str:\n    return a\n",
        "from plugin import g\n    assert g() == 1\n    assert f('x') is not None",
    ),
    "behind an object": (
        _LOUD,
        "assert isinstance(f('x'), str)",
    ),
    "asynchronous": (
        "async def f(a: str) -> str:\n    return a\n",
        "import asyncio\n    assert isinstance(asyncio.run(f('x')), str)",
    ),
    "crashes only": (
        "def f(a: str) -> dict[str, list[int]]:\n    return {'a': [1]}\n",
        "f('x')['a'].append(2)\n    assert f('x')",
    ),
}


@pytest.mark.parametrize(("module", "checks"), VACUOUS.values(), ids=VACUOUS)
def test_a_suite_that_looks_at_no_result_is_refused_however_small_the_plugin_is(mutated, module, checks):
    assert "mutation.result" in mutated(module, checks, handler="f").rules("mutation")


LOOKING = {
    "a value": ("def f(a: int) -> int:\n    return a + 1\n", "assert f(1) == 2"),
    "a part": ("def f(a: str) -> dict[str, str]:\n    return {'a': a}\n", "assert f('x')['a'] == 'x'"),
    "a part, in a helper of the tests": (
        "def f(a: str) -> list[dict[str, str]]:\n    return [{'a': a}]\n",
        "def of(a):\n        return [one['a'] for one in f(a)]\n    assert of('x') == ['x']",
    ),
    "a list of none": ("def f(a: int) -> list[int]:\n    return []\n", "assert f(1) == []"),
    "an exception only": (
        "def f(a: int) -> int:\n    raise ValueError(a)\n",
        "with pytest.raises(ValueError):\n        f(1)",
    ),
    "an effect only": (
        "from plugins.sdk import storage\n\n\ndef f(a: int) -> None:\n    storage.set('a', a)\n",
        "from plugins.sdk import storage\n    f(1)\n    assert storage.get('a') == 1",
    ),
    "asynchronous": (
        "async def f(a: str) -> str:\n    return a\n",
        "import asyncio\n    assert asyncio.run(f('x')) == 'x'",
    ),
}


@pytest.mark.parametrize(("module", "checks"), LOOKING.values(), ids=LOOKING)
def test_a_suite_that_looks_at_results_is_not(mutated, module, checks):
    assert "mutation.result" not in mutated(module, checks, handler="f").rules("mutation")


LOOKUPS = """\
PRICES = {{"water": 120, "gum": 50}}
WEIGHTS = {{"water": 500, "gum": 9}}


def price(goods: str) -> int:
    {top}
    return PRICES[goods]


def told(goods: str) -> str:
    return f"{{goods}}: {{{told}}}"
"""
LOOKED_UP = """\
from plugin import price, told


def test_the_goods():
    assert [price("water"), price("gum"), told("water")] == [120, 50, "water: {water}"]
"""


def _at_lookups(judged, *, told: str, water: int, top: str = '"""Return what goods cost."""') -> set[str]:
    module = LOOKUPS.format(top=top, told=told)
    return judged(module, LOOKED_UP.format(water=water), Tests(), Mutation()).rules("mutation")


@pytest.mark.parametrize("told", ["PRICES[goods]", "PRICES.get(goods, 0)", "PRICES[goods.strip()]"])
def test_an_entry_of_a_table_that_one_lookup_met_need_not_be_met_at_each(judged, told):
    assert "mutation.special" not in _at_lookups(judged, told=told, water=120)


@pytest.mark.parametrize(
    ("told", "water"), [("WEIGHTS[goods]", 500), ("dict(water=120, gum=50)[goods]", 120), ("goods in PRICES", True)]
)
def test_an_entry_of_another_table_with_the_same_keys_has_not_been_met(judged, told, water):
    assert "mutation.special" in _at_lookups(judged, told=told, water=water)


GONE_THROUGH = {
    "a loop over the table": "[PRICES[one] for one in PRICES]",
    "a loop over what is made of it": "[PRICES.get(one, 0) for one in sorted(PRICES)]",
    "a loop over names": '[PRICES[one] for one in ["water", "gum"]]',
    "a name for the table": "all_of_them = [*PRICES]\n    for one in all_of_them:\n        PRICES[one]",
    "a lambda": "max(PRICES, key=lambda one: PRICES[one])",
}


@pytest.mark.parametrize("top", GONE_THROUGH.values(), ids=GONE_THROUGH)
def test_what_goes_through_all_of_a_table_by_itself_meets_nothing_for_other_lookups(judged, top):
    module = LOOKUPS.format(top=top, told="goods").replace("    return PRICES", "    return 5 + PRICES")
    tests = "from plugin import price, told\n\n\ndef test_water():\n"
    tests += '    assert [price("water"), told("water")] == [125, "water: water"]\n'
    assert "mutation.special" in judged(module, tests, Tests(), Mutation()).rules("mutation")


def test_what_goes_through_what_a_call_brings_meets_entries_for_other_lookups(judged):
    module = LOOKUPS.replace("(goods: str) -> int", "(goods: list[str]) -> int").format(
        top='"""Return what all of the goods cost."""', told="PRICES[goods]"
    )
    module = module.replace("return PRICES[goods]", "return sum([PRICES[one] for one in goods])")
    tests = LOOKED_UP.format(water=120).replace('price("water"), price("gum")', 'price(["water"]), price(["gum"])')
    assert "mutation.special" not in judged(module, tests, Tests(), Mutation()).rules("mutation")


@pytest.mark.parametrize(("second", "special"), [("prices", False), ("weights", True)])
def test_a_table_within_a_function_is_one_as_well(judged, second, special):
    module = (
        'def both(one: str, other: str) -> list[int]:\n    prices = {"water": 120, "gum": 50}\n'
        f'    weights = {{"water": 120, "gum": 50}}\n    return [prices[one], {second}[other], len(weights)]\n'
    )
    tests = 'from plugin import both\n\n\ndef test_both():\n    assert both("water", "water") == [120, 120, 2]\n'
    tests += '    assert both("gum", "water") == [50, 120, 2]\n'
    assert ("mutation.special" in judged(module, tests, Tests(), Mutation()).rules("mutation")) is special
