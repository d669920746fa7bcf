# ruff: noqa: E501 - a small program in each line
"""What literal data becomes is worked out by reading, within bounds, and what is not known stays unknown."""

from __future__ import annotations

import ast
import time

import pytest

from selfmod.gate.reading.folding import worked_out

HIDDEN = "sesame42!open"
_XORED = [ord(sign) ^ 23 for sign in HIDDEN]
KNOWN = {
    "exclusive or": f"X = bytes(n ^ 23 for n in {_XORED}).decode()",
    "rows in rows": f"W = (*{_XORED[:5]}, *{_XORED[5:]})\nX = ''.join(chr(n ^ 23) for n in W)",
    "a mapped function": f"X = ''.join(map(lambda n: chr(n ^ 23), {_XORED}))",
    "a function of its own": f"def f(row, k):\n    return bytes(n ^ k for n in row).decode()\nX = f({_XORED}, 23)",
    "a loop": f"X = ''\nfor n in {_XORED}:\n    X += chr(n ^ 23)",
    "a loop in a function": (
        f"def f():\n    row = []\n    for n in {_XORED}:\n        row.append(chr(n ^ 23))\n    return ''.join(row)\nX = f()"
    ),
    "within what is not known": f"def f(t):\n    return t or bytes(n ^ 23 for n in {_XORED}).decode()",
    "a key that repeats": (
        f"from itertools import cycle\nX = bytes(a ^ b for a, b in zip({[ord(a) ^ b for a, b in zip(HIDDEN, (1, 2) * 7, strict=False)]}, cycle((1, 2))))"
    ),
    "one large number": f"X = (2 * {int.from_bytes(HIDDEN.encode(), 'big') // 2} + 0).to_bytes(13, 'big')",
    "another alphabet": f"X = {''.join(chr(ord(sign) + 1) for sign in HIDDEN)!r}.translate(str.maketrans('tfbn53\"pqo', 'sea' 'm42!opn'))",
    "rot13": "import codecs\nX = codecs.decode('frfnzr42!bcra', 'rot13')",
    "a chosen order": f"X = ''.join({HIDDEN[::-1]!r}[place] for place in range(12, -1, -1))",
    "hexadecimal pairs": f"X = ''.join(chr(int(pair, 16)) for pair in '{' '.join(f'{ord(sign):x}' for sign in HIDDEN)}'.split())",
    "a number taken apart": f"n = {int.from_bytes(HIDDEN.encode(), 'big')}\nX = ''\nwhile n:\n    n, d = divmod(n, 256)\n    X = chr(d) + X",
    "itself": f"def f(n):\n    return f(n // 256) + chr(n % 256) if n else ''\nX = f({int.from_bytes(HIDDEN.encode(), 'big')})",
    "folded together": f"from functools import reduce\nX = reduce(lambda t, n: t + chr(n ^ 23), {_XORED}, '')",
    "a row that is filled": f"def f():\n    row = []\n    for n in {_XORED}:\n        row.insert(0, chr(n ^ 23))\n    row.reverse()\n    return str.join('', row)\nX = f()",
    "a template": f"X = '{'%c' * len(HIDDEN)}' % tuple(n ^ 23 for n in {_XORED})",
    "fields": f"X = '{'{}' * len(HIDDEN)}'.format(*(chr(n ^ 23) for n in {_XORED}))",
    "a table": f"T = {{n: chr(n ^ 23) for n in {_XORED}}}\nX = ''.join(T[n] for n in {_XORED})",
    "what is there": f"X = '' or bytes(n ^ 23 for n in {_XORED}).decode()",
    "a choice": f"X = ''.join(chr(n ^ 23) if n < 256 else '' for n in {_XORED})",
}
UNKNOWN = {
    "what is given": "def f(row):\n    return bytes(n ^ 23 for n in row).decode()",
    "plain text": f"X = {HIDDEN!r}",
    "what a loop changes otherwise": "def f(rows):\n    out = ['sesame', '42!open']\n    for row in rows:\n        out.insert(0, row)\n    return ''.join(out)",
    "a call of something else": "import json\nX = json.dumps(['sesame42!open'])",
}
BOMBS = {
    "a long text": "X = 'ab' * 10**9",
    "a large number": "X = 7 ** 7 ** 7 ** 7",
    "a shifted number": "X = 1 << 10**12",
    "text on text": "X = 'ab'\nfor n in range(4000):\n    X += X",
    "loops in loops": "X = [a ^ b ^ c for a in range(9999) for b in range(9999) for c in range(9999)]",
    "itself": "def f(n):\n    return f(n + 1)\nX = f(0)",
    "for ever": "X = 1\nwhile X:\n    X = X + 1",
    "a row that fills itself": "X = [1]\nwhile X:\n    X.extend(X)",
    "rows of rows": "X = str([['ab'] * 90000] * 90000)\nY = f'{[[1] * 90000] * 90000}'\nZ = sum([['a'] * 90000] * 90000, [])",
    "one text many times": "A = 'ab' * 40000\nX = ('{0}' * 30000).format(A)\nY = ('%s' * 30000) % tuple([A] * 30000)\nZ = ('x' * 90000).translate({120: A})",
    "chains": "from itertools import chain\nX = list(chain(*[['a'] * 90000] * 90000))",
    "a wide field": "X = '{:999999999}'.format(1)\nY = '%999999999s' % 1",
    "each other": "A = B\nB = A\nX = A",
    "wide digits": "X = f'{7:999999999}'\nY = '%999999999d' % 7\nimport struct\nZ = struct.pack('999999999x')",
    "filled up": "X = 'a'.replace('a', 'ab' * 40000).replace('a', 'ab' * 40000)\nY = (1).to_bytes(10**10, 'big')",
    "many functions": "".join(f"def f{n}():\n    for a in range(4000):\n        b = [a] * 90000\n" for n in range(200)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_data_becomes_is_worked_out(name: str) -> None:
    assert HIDDEN in {one.text for one in worked_out(ast.parse(KNOWN[name]))}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_or_plain_is_not_told(name: str) -> None:
    assert HIDDEN not in {one.text for one in worked_out(ast.parse(UNKNOWN[name]))}


@pytest.mark.parametrize("name", BOMBS)
def test_what_grows_without_end_is_left(name: str) -> None:
    began = time.process_time()
    assert all(len(one.text) <= 100_000 for one in worked_out(ast.parse(BOMBS[name])))
    assert time.process_time() - began < 10


def test_what_went_into_a_text_is_told() -> None:
    source = f"def f(n):\n    return n + 1\nW = {_XORED}\nX = 'is ' + bytes(n ^ 23 for n in W).decode()\n"
    (one,) = worked_out(ast.parse(source))
    assert (one.line, one.text, one.of) == (4, f"is {HIDDEN}", "is ")
    assert sorted(one.numbers) == sorted([*_XORED, 23])
