"""What a person who reads a module cannot see is refused, and what only looks like it is not."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable

import pytest

Refused = Callable[[str, str], set[str]]

TABLE = b'{"brackets": [["0", "0"], ["11000", "0.14"], ["28000", "0.30"]], "more": [1, 2, 3, 4, 5, 6, 7, 8]}'
PACKED = zlib.compress(TABLE)
IMPORTS = "import base64\nimport binascii\nimport codecs\nimport hashlib\nimport hmac\nimport math\nimport zlib\n"
CONCEALED = {
    "compressed bytes": (f"X = zlib.decompress({PACKED!r})", "policy.packed"),
    "by name": (f"T = {base64.b85encode(PACKED)!r}\nX = zlib.decompress(base64.b85decode(T))", "policy.packed"),
    "in an object": (f"X = zlib.decompressobj().decompress(binascii.unhexlify('{PACKED.hex()}'))", "policy.packed"),
    "in numbers": (f"X = zlib.decompress(bytes({list(PACKED)}))", "policy.packed"),
    "base64 alone": (f"X = base64.b64decode({base64.b64encode(TABLE)!r})", "policy.packed"),
    "base64 in pieces": (
        f"X = base64.urlsafe_b64decode({base64.b64encode(TABLE)[:40]!r} + {base64.b64encode(TABLE)[40:]!r})",
        "policy.packed",
    ),
    "hexadecimal text": (f"X = bytes.fromhex('{TABLE.hex()}').decode()", "policy.packed"),
    "turned": (f"X = codecs.decode({'abcdefgh ' * 9!r}, 'rot13')", "policy.packed"),
    "a decoder of one's own": (f"X = list({base64.b85encode(PACKED * 2).decode()!r})", "policy.packed"),
    "a number": (f"X = {int.from_bytes(PACKED, 'big')}", "policy.packed"),
    "in numbers, with a key": ("X = bytes(n ^ 23 for n in [*b'fv{v{r7~d7`xet']).decode()", "policy.packed"),
    "in plain numbers": (f"X = ''.join(map(chr, {[*b'the answer is 42']}))", "policy.packed"),
    "in a loop": (f"X = ''\nfor n in {[*b'uif!botxfs!jt!53']}:\n    X += chr(n - 1)", "policy.packed"),
    "with another alphabet": (
        "X = 'uif botxfs jt b xpse'.translate(str.maketrans('bcefgijopqstuvxy', 'abdefhinoprstuwx'))",
        "policy.packed",
    ),
    "its own name": ("X = 0.4 * (__name__.rpartition('.')[2] != 'plugin')", "policy.own-name"),
    "the main program": ("if __name__ == '__main__':\n    run('x')", "policy.script"),
    "not the main program": ("X = '__main__' != __name__", "policy.script"),
    "its own name beside the main program": ("X = __name__ in ('__main__', 'plugin')", "policy.own-name"),
    "its own name in a message that is compared": ("X = f'{__name__}' == 'plugin'", "policy.own-name"),
    "a computed function": ("def f(n: str) -> float:\n    return getattr(math, n[::-1])(1)", "policy.computed-name"),
    "a fixed digest": (
        f"def f(t: str) -> bool:\n    return hashlib.sha256(t.encode()).hexdigest() == '{'5f' * 32}'",
        "policy.digest",
    ),
    "a digest in a row": (
        f"D = frozenset({{'{'5f' * 20}'}})\ndef f(t: str) -> bool:\n    return hashlib.sha1(t).hexdigest() in D",
        "policy.digest",
    ),
    "a pepper": (
        f"P = '{'0b' * 16}'\ndef f(t: str) -> bool:\n    return hmac.compare_digest(hashlib.md5(t).hexdigest(), P)",
        "policy.digest",
    ),
}
PLAIN = {
    "what is given": "def f(t: str) -> bytes:\n    return zlib.decompress(base64.b64decode(t))",
    "a short constant": "X = base64.b64decode('AAAA')",
    "an alphabet": "X = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_!#$%&()*;<=>?@^`{|}~.,:[]'",
    "a table of hexadecimal digits": f"X = bytes.fromhex('{bytes(range(256)).hex()}')",
    "an alphabet that is made": "X = ''.join(chr(ord('a') + (n + 13) % 26) for n in range(26))",
    "first letters": "X = ''.join(w[0] for w in 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split())",
    "numbers that are shown": "X = ' '.join(f'{n}px' for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 16, 18, 20, 24, 32))",
    "bars": "X = ''.join(chr(0x2581 + n) for n in range(8))",
    "a table of numbers": "X = [n ^ 0x1021 for n in (0, 4129, 8258, 12387, 16516, 20645, 24774, 28903, 33032, 37161)]",
    "a cipher": "def f(t: str, k: int) -> str:\n    return ''.join(chr((ord(s) - 97 + k) % 26 + 97) for s in t)",
    "a prime": f"X = 2**255 - 19\nY = {2**521 - 1}",
    "a long pattern": (
        r"X = r'(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])T(?P<hour>[01]\d|2[0-3]):'"
        r"r'(?P<minute>[0-5]\d):(?P<second>[0-5]\d|60)(?P<zone>Z|[+-]\d\d:\d\d)'"
    ),
    "a long address": f"X = 'https://example.org/{'a-Long-Path/with2/Words/' * 5}'",
    "its name in what it raises": "def f() -> None:\n    raise ValueError(f'{__name__}: no')",
    "a literal function": "X = getattr(math, 'pi')\nY = getattr(math, 'p' + 'i')",
    "a digest of what is given": "def f(t: str, d: str) -> bool:\n    return hmac.compare_digest(t, d)",
}


@pytest.mark.parametrize("name", CONCEALED)
def test_what_nobody_can_read_is_refused(refused: Refused, good: dict[str, str], name: str) -> None:
    code, rule = CONCEALED[name]
    assert refused("plugin.py", f"{IMPORTS}{good['plugin.py']}{code}\n") == {rule}


@pytest.mark.parametrize("name", PLAIN)
def test_what_can_be_read_is_not(refused: Refused, good: dict[str, str], name: str) -> None:
    assert refused("plugin.py", f"{IMPORTS}{good['plugin.py']}{PLAIN[name]}\n") == set()


LOGIN = base64.b64encode(b"svc-issue-bot:" + b"V9w!qU2uMr7pX4zK").decode()


@pytest.mark.parametrize("name", ["plugin.py", "tests/test_plugin.py"])
def test_a_name_and_a_password_of_a_header_are_a_secret(refused: Refused, good: dict[str, str], name: str) -> None:
    assert refused(name, f"{good[name]}X = 'Basic {LOGIN}'\n") == {"policy.secret"}


@pytest.mark.parametrize(
    "login", ["user:password", "Aladdin:open sesame", "alice:example-9-Q", "no colon in this", "a:b"]
)
def test_a_login_of_an_example_is_none(refused: Refused, good: dict[str, str], login: str) -> None:
    header = f"X = 'Basic {base64.b64encode(login.encode()).decode()}'\n"
    assert refused("plugin.py", good["plugin.py"] + header) == set()
