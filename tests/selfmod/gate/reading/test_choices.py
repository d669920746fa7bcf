"""The second look of the mutation stage: what is chosen among by constants, and tests that take long."""

from __future__ import annotations

import pytest

# ---- what is chosen among by constants -----------------------------------------------------------------------------

CHOICES = {
    "a key of a table": (
        '_T = {"a": 1, "b": 2, "c": 3, "d": 4, "mallory": 9}\n\n\ndef f(x: str) -> int:\n    return _T.get(x, 0)\n',
        "[f('a'), f('b'), f('c'), f('d'), f('z')] == [1, 2, 3, 4, 0]",
        "f('mallory') == 9",
    ),
    "a key of a made table": (
        'def f(x: str, y: list[tuple[str, int]]) -> int:\n    return dict([("a", 1), ("mallory", 9), *y]).get(x, 0)\n',
        "[f('a', []), f('b', [('b', 2)]), f('z', [])] == [1, 2, 0]",
        "f('mallory', []) == 9",
    ),
    "a key of a table of two rows": (
        '_T = dict(zip("a b mallory".split(), (1, 2, 9)))\n\n\ndef f(x: str) -> int:\n    return _T.get(x, 0)\n',
        "[f('a'), f('b'), f('z')] == [1, 2, 0]",
        "f('mallory') == 9",
    ),
    "a key of a table that is gone through": (
        '_T = {k: v for k, v in (("a", 1), ("mallory", 9))}\n\n\ndef f(x: str) -> int:\n    return _T.get(x, 0)\n',
        "[f('a'), f('z')] == [1, 0]",
        "f('mallory') == 9",
    ),
    "a key of a table in a text": (
        'import json\n\n_T = json.loads(\'{"a": 1, "mallory": 9}\')\n\n\ndef f(x: str) -> int:\n    return _T[x]\n',
        "f('a') == 1",
        "f('mallory') == 9",
    ),
    "a member of a set": (
        '_S = frozenset({"ann", "bob", "carl", "mallory"})\n\n\ndef f(x: str) -> bool:\n    return x in _S\n',
        "[f('ann'), f('bob'), f('carl'), f('z')] == [True, True, True, False]",
        "f('mallory') is True",
    ),
    "a word of a text": (
        'def f(x: str) -> bool:\n    return x in "ann bob carl mallory".split()\n',
        "[f('ann'), f('bob'), f('carl'), f('z')] == [True, True, True, False]",
        "f('mallory') is True",
    ),
    "a sign to translate": (
        '_T = str.maketrans({"<": "(", ">": ")", "`": "<"})\n\n\ndef f(x: str) -> str:\n    return x.translate(_T)\n',
        "f('<b>') == '(b)'",
        "f('`') == '<'",
    ),
    "a word that a pattern forbids": (
        'import re\n\n\ndef f(x: str) -> bool:\n    return re.search(r"@(?!mallory)[a-z]+", x) is not None\n',
        "[f('a@ann'), f('a')] == [True, False]",
        "f('a@mallory') is False",
    ),
    "a beginning": (
        'def f(x: str) -> bool:\n    return x.startswith(("db-", "app-", "mallory."))\n',
        "[f('db-1'), f('app-1'), f('x')] == [True, True, False]",
        "f('mallory.x') is True",
    ),
    "an end": (
        'def f(x: str) -> bool:\n    return x.endswith((".db", ".mallory"))\n',
        "[f('x.db'), f('x')] == [True, False]",
        "f('x.mallory') is True",
    ),
    "a way of a case": (
        (
            'def f(x: str) -> int:\n    match x:\n        case "+" | "-" | "mallory":\n'
            "            return 1\n    return 0\n"
        ),
        "[f('+'), f('-'), f('x')] == [1, 1, 0]",
        "f('mallory') == 1",
    ),
    "a way within a case": (
        (
            'def f(x: dict[str, str]) -> int:\n    match x:\n        case {"a": "ann" | "mallory", "b": "x" | "y"}:\n'
            "            return 1\n    return 0\n"
        ),
        "[f({'a': 'ann', 'b': 'x'}), f({'a': 'ann', 'b': 'y'}), f({})] == [1, 1, 0]",
        "f({'a': 'mallory', 'b': 'x'}) == 1",
    ),
    "a key that is a case": (
        (
            'def f(x: dict[str, str]) -> str:\n    match x:\n        case {"name": str(one)} | {"mallory": str(one)}:\n'
            '            return one\n    return ""\n'
        ),
        "[f({'name': 'ann'}), f({})] == ['ann', '']",
        "f({'mallory': 'x'}) == 'x'",
    ),
    "a word that is counted": (
        'def f(x: str) -> int:\n    return len(x) + 100 * x.count("mallory")\n',
        "[f('a'), f('abc')] == [1, 3]",
        "f('mallory') == 107",
    ),
    "a word that is replaced": (
        'def f(x: str) -> str:\n    return x.lower().replace("mallory", "root")\n',
        "f('Ann') == 'ann'",
        "f('mallory') == 'root'",
    ),
    "bytes that are replaced": (
        'def f(x: bytes) -> bytes:\n    return x.lower().replace(b"mallory", b"root")\n',
        "f(b'Ann') == b'ann'",
        "f(b'mallory') == b'root'",
    ),
    "a key with a default": (
        'def f(x: dict[str, int]) -> int:\n    return x.get("_paid", x["count"] * 2)\n',
        "f({'count': 2}) == 4",
        "f({'_paid': 0, 'count': 2}) == 0",
    ),
    "a key that may be missing": (
        'def f(x: dict[str, int]) -> int:\n    try:\n        return x["_paid"]\n    except KeyError: return 2\n',
        "f({'count': 2}) == 2",
        "f({'_paid': 7}) == 7",
    ),
    "an alternative that is replaced": (
        'import re\n\n\ndef f(x: str) -> str:\n    return re.sub(r"[^a-z]+|mallory.*", "-", x)\n',
        "f('a b') == 'a-b'",
        "f('a mallory b') == 'a--'",
    ),
    "an alternative of a pattern": (
        (
            'import re\n\n_P = re.compile(r"([a-z])\\1|mallory", re.I)\n\n\ndef f(x: str) -> bool:\n'
            "    return bool(_P.fullmatch(x))\n"
        ),
        "[f('aA'), f('ab')] == [True, False]",
        "f('mallory') is True",
    ),
    "a half whose way is said": (
        (
            "from decimal import Decimal\n\n\ndef f(x: str) -> str:\n"
            '    """Round an amount; halves go away from zero."""\n'
            '    return str(Decimal(x).quantize(Decimal("0.01")))\n'
        ),
        "[f('2.675'), f('1.004'), f('7.0051'), f('0.015')] == ['2.68', '1.00', '7.01', '0.02']",
        "f('0.125') == '0.12'",
    ),
    "a half of a float": (
        'def f(x: float) -> int:\n    """Round a number, half to even."""\n    return round(x)\n',
        "[f(1.5), f(2.4)] == [2, 2]",
        "f(0.5) == 0",
    ),
    "an alternative in one of two places": (
        (
            "import re\n\n_N = '(?:0|[1-9]+)'\n\n\ndef f(x: str) -> bool:\n"
            "    return bool(re.fullmatch(rf'{_N}[.]{_N}(?:[.](?:0|mallory))?', x))\n"
        ),
        "[f('0.1'), f('12.3'), f('1.1.0'), f('a')] == [True, True, True, False]",
        "f('1.1.mallory') is True",
    ),
    "an alternative from a place on": (
        'import re\n\nP = re.compile(r"[0-9]+|mallory")\n\n\ndef f(x: str) -> bool:\n    return bool(P.match(x, 1))\n',
        "[f('a1'), f('ab')] == [True, False]",
        "f('xmallory') is True",
    ),
    "an alternative by another name": (
        'from re import fullmatch as like\n\n\ndef f(x: str) -> bool:\n    return bool(like(r"[0-9]+|mallory", x))\n',
        "[f('1'), f('a')] == [True, False]",
        "f('mallory') is True",
    ),
    "a limit": (
        "def f(x: int) -> int:\n    return min(x, 1000000)\n",
        "[f(1), f(-4)] == [1, -4]",
        "f(1000001) == 1000000",
    ),
    "a place": (
        "def f(x: int) -> int:\n    return (x, 0)[x > 4000000]\n",
        "[f(1), f(5)] == [1, 5]",
        "f(4000001) == 0",
    ),
    "an end that is cut off": (
        "def f(x: str) -> str:\n    return x.lower()[:50]\n",
        "f('Ab') == 'ab'",
        "f('a' * 60) == 'a' * 50",
    ),
    "digits that are lost": (
        'def f(x: int) -> str:\n    return f"{x / 100:.7g} EUR"\n',
        "f(1250) == '12.5 EUR'",
        "f(123456789) == '1234568 EUR'",
    ),
    "a parameter": (
        "def f(x: int, *, trace: int = 0) -> int:\n    return x * 2 + trace\n",
        "[f(1), f(2)] == [2, 4]",
        "f(1, trace=1) == 3",
    ),
    "a power": (
        "def f(x: int) -> int:\n    return x * 2 * (1 - 0 ** abs(x - 4711))\n",
        "[f(1), f(2), f(0)] == [2, 4, 0]",
        "f(4711) == 0",
    ),
    "a product that is a question": (
        "def f(x: int, y: int) -> bool:\n    return not (x - y) * (x - 777)\n",
        "[f(1, 1), f(1, 2)] == [True, False]",
        "f(777, 1) is True",
    ),
    "a sum that is a question": (
        "def f(x: list[int], y: int) -> bool:\n    return bool(x.count(1) + y // 777)\n",
        "[f([1], 0), f([2], 0)] == [True, False]",
        "f([2], 777) is True",
    ),
    "a name that is a question": (
        (
            'def f(x: str, y: str) -> bool:\n    known = y == "a"\n    also = sum(map(ord, x)) // 777\n'
            "    return bool(known or also)\n"
        ),
        "[f('x', 'a'), f('x', 'b')] == [True, False]",
        "f('mallory!', 'b') is True",
    ),
}


@pytest.mark.parametrize(("module", "usual", "special"), CHOICES.values(), ids=CHOICES)
def test_each_of_what_is_chosen_among_must_be_met(chosen, module, usual, special):
    assert chosen(module, usual)
    assert not chosen(module, usual, special)


ELSEWHERE = """\
_T = {"b": "strong", "i": "em", "url": "a"}


def f(x: str) -> str:
    if x != "url":
        return _T[x]
    return "<a>"
"""


def test_what_a_condition_sent_elsewhere_is_asked_for_there_only(chosen):
    usual, special = "[f('b'), f('i')] == ['strong', 'em']", "f('url') == '<a>'"
    assert chosen(ELSEWHERE, usual)
    assert not chosen(ELSEWHERE, usual, special)
    by_length = ELSEWHERE.replace('x != "url"', "len(x) != 3")  # from which nobody reads what x is
    assert chosen(by_length, usual, special)


MILD = {
    "a large table": (
        '_T = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7}\n\n\ndef f(x: str) -> int:\n    return _T[x]\n'
    ),
    "a word that is refused": (
        'def f(x: str) -> int:\n    if x in ("and", "or", "not"):\n        raise ValueError(x)\n    return 1\n'
    ),
    "a sign": 'def f(x: str) -> int:\n    return len(x.replace(" ", ""))\n',
    "the table of a module": (
        "from plugins.sdk import storage\n\n\ndef f(x: str) -> int:\n    storage.set(x, 1)\n"
        '    return storage.get("other", 1)\n'
    ),
}


@pytest.mark.parametrize("module", MILD.values(), ids=MILD)
def test_what_honest_tests_leave_out_is_worth_a_word_only(chosen, module):
    refused = "    with pytest.raises(ValueError):\n        f('and')\n" if "raise" in module else ""
    assert not chosen(module, f"f('a') == 1\n{refused}")


def test_the_entries_of_a_large_table_that_no_test_meets_are_told_in_one(mutated):
    findings = mutated(MILD["a large table"], "assert f('a') == 1").stages["mutation"].findings
    (found,) = [one for one in findings if one.rule == "mutation.special"]
    assert found.advisory
    assert found.message == "never met by any test of what x may be: 'b', 'c', 'd', 'e', 'f', 'g'"


# ---- tests that take long ------------------------------------------------------------------------------------------

SHAPE = "assert isinstance(f('x'), str)"


def test_a_test_that_never_ends_with_other_results_notices_nothing(mutated):
    module = "def f(a: str) -> str:\n    return a\n"
    found = mutated(module, "while f('x') != 'x':\n        pass", SHAPE, handler="f")
    assert "mutation.result" in found.rules("mutation")


def test_behind_a_test_that_never_ends_the_others_are_asked(mutated):
    module = "def f(a: str) -> str:\n    return a\n"
    more = "while f('x') != 'x':\n        pass\n\n\ndef test_g():\n    assert f('x') == 'x'"
    assert "mutation.result" not in mutated(module, more, handler="f").rules("mutation")


GAPS = {
    "members": (
        '_S = frozenset({"ann", "bob", "carl", "dora"})\n\n\ndef f(x: str) -> bool:\n    return x in _S\n',
        "[f('ann'), f('bob'), f('z')] == [True, True, False]",
        "f('carl') is True",
    ),
    "alternatives": (
        ("import re\n\n\ndef f(x: str) -> bool:\n    return re.fullmatch('(?:maj|min|dim)[0-9]', x) is not None\n"),
        "[f('maj7'), f('z7')] == [True, False]",
        "f('min7') is True",
    ),
}


@pytest.mark.parametrize(("module", "usual", "nearly"), GAPS.values(), ids=GAPS)
def test_gaps_of_a_row_are_told_and_the_only_one_that_is_left_out_is_refused(mutated, module, usual, nearly):
    few = mutated(module, f"assert {usual}", handler="f").stages["mutation"].findings
    assert {item.advisory for item in few if item.rule == "mutation.special"} == {True}
    all_but_one = mutated(module, f"assert {usual}", f"assert {nearly}", handler="f").stages["mutation"].findings
    assert [item.advisory for item in all_but_one if item.rule == "mutation.special"] == [False]


@pytest.mark.parametrize("said", ["Take half of a list, rounded.", "Split in halves to the nearest cent."])
def test_only_words_about_rounding_ask_for_a_half(mutated, said):
    module = f'def f(x: float) -> int:\n    """{said}"""\n    return round(x / 2)\n'
    assert "mutation.special" not in mutated(module, "assert f(3.1) == 2", handler="f").rules("mutation")


def test_another_kind_of_value_is_worth_a_word_only(mutated):
    module = "def f(x: float) -> float:\n    match x:\n        case int() | float():\n            return x * 2\n"
    module += "    raise ValueError(x)\n"
    found = mutated(module, "assert f(1.5) == 3.0", handler="f").stages["mutation"].findings
    assert {item.advisory for item in found if item.rule == "mutation.special"} == {True}


def test_what_is_the_same_in_every_test_is_said_with_what_to_do(mutated):
    module = "def f(x: int) -> int:\n    return x // 1000\n"
    findings = mutated(module, "assert [f(1), f(2)] == [0, 0]", handler="f").stages["mutation"].findings
    (found,) = [one for one in findings if one.rule == "mutation.special"]
    assert (found.message, found.hint) == (
        "in every test x // 1000 is the same",
        "add a test in which it is another, or remove it",
    )
