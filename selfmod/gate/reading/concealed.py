"""What a module conceals: data unpacked when it runs, a look at its own name, functions found by computed names.

The rules here are those of the gate alone: what was approved before stays loadable. Nothing of it is dangerous by
itself; but a person who approves should be able to read what decides.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.language.trees import imported_modules
from selfmod.gate.reading.folding import Worked, worked_out
from selfmod.gate.reading.parse import Found, found
from selfmod.gate.reading.texts import constant_text, constant_texts, names_once

_DECODE: Final = re.compile(r"(?:standard_|urlsafe_)?(?:b64|b85|b32|b32hex|a85|z85)decode|a2b_base64|decodebytes")
_INFLATE: Final = frozenset({"decompress", "decompressobj"})
_HEX: Final = frozenset({"fromhex", "unhexlify", "a2b_hex", "b16decode"})
_LONG: Final = 64  # characters of a constant; below it is a value that one can write out beside it
_SHORT: Final = 12  # the same, for what is compressed
_MANY: Final = 16  # numbers of which a text is made
_KEPT: Final = 0.3  # of what stands side by side in a text, where it is put together of others
_BITS: Final = 600  # of a number; the largest that is published for everybody to know is a little smaller
# Long runs without a space, and the bits for each character that words, patterns and numbers of a person stay below.
_RUNS: Final = ((re.compile(r"[A-Za-z0-9+/_=-]{100,}"), 4.5), (re.compile(r"[!-~]{100,}"), 5.2))
_MOST: Final = 20  # names for names, and calls within calls
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{32}(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{24}|(?:[0-9a-fA-F]{32}){0,3})")
_HASHES: Final = frozenset({"hashlib", "hmac"})


def concealed(tree: ast.Module, path: str) -> Iterator[Found]:
    """Yield what a person who reads the module cannot see."""
    names = names_once(tree)
    modules = imported_modules(tree)
    told = _told(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        match node:
            case ast.Name(id="__name__", ctx=ast.Load()) if id(node) not in told:
                message, hint = "the module looks at its own name, which tests know", "do without __name__"
                yield found("policy.own-name", message, path, line, hint=hint)
            case ast.Compare() if _asks_for_main(node):
                message = "a plugin is never run as a script: __name__ is never '__main__' here"
                yield found("policy.script", message, path, line, hint="remove it, with what it guards")
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id=name), wanted, *_]) if name in modules:
                if constant_text(wanted, names) is None:
                    message = f"which function of {name} is called here cannot be read"
                    hint = f'write a table of functions: {{"name": {name}.function}}'
                    yield found("policy.computed-name", message, path, line, hint=hint)
            case ast.Call() if _unpacks(node, names):
                message = "a constant is unpacked here, which nobody can read"
                yield found("policy.packed", message, path, line, hint="write the data out as it is")
            case _:
                pass
    yield from _unreadable(tree, path)
    for one in worked_out(tree):
        if len(one.text) >= _SHORT and (_is_of_numbers(one) or _is_turned(one)):
            message = "a text is worked out of data here that nobody can read"
            yield found("policy.packed", message, path, one.line, hint="write the text out as it is")
    if _HASHES & set(modules.values()) or _imports_from(tree, _HASHES):
        yield from _fixed_digests(tree, path, names)


def _told(tree: ast.Module) -> set[int]:
    """Where the name is asked for `__main__`, which has a finding of its own, or goes into what is raised."""
    told: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=[right]) if _asks_for_main(node):
                told |= {id(left), id(right)}
            case ast.Raise(exc=ast.Call(args=[*said])):
                texts = (part for text in said if isinstance(text, ast.JoinedStr) for part in text.values)
                told |= {id(part.value) for part in texts if isinstance(part, ast.FormattedValue)}
            case _:
                pass
    return told


def _asks_for_main(node: ast.Compare) -> bool:
    match node:
        case ast.Compare(left=one, ops=[ast.Eq() | ast.NotEq()], comparators=[other]):
            sides = {ast.unparse(one), ast.unparse(other)}
            return sides == {"__name__", "'__main__'"}
        case _:
            return False


def _unpacks(call: ast.Call, names: Mapping[str, ast.expr]) -> bool:
    """Return whether a call makes something else of a constant that a person cannot read."""
    name = _called(call)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if name in _INFLATE:
        return any(_packed(value, names) for value in given)
    if _DECODE.fullmatch(name):
        return any(_length(value, names) >= _LONG for value in given)
    if name == "decode":  # bytes.fromhex("...").decode(), codecs.decode("...", "rot13")
        inner = call.func.value if isinstance(call.func, ast.Attribute) else None
        of_hex = isinstance(inner, ast.Call) and _called(inner) in _HEX
        values = [*inner.args, *given] if of_hex and isinstance(inner, ast.Call) else given
        return any(_length(value, names) >= _LONG for value in values)
    return False


def _is_of_numbers(one: Worked) -> bool:
    """Return whether a text is made of many numbers, and does not show them."""
    shown = sum(str(number) in one.text for number in one.numbers)
    return len(one.numbers) >= _MANY and 2 * shown < len(one.numbers) and not _is_alphabet(one.text)


def _is_turned(one: Worked) -> bool:
    """Return whether a text is made of another by more than picking signs out of it."""
    signs = iter(one.of.casefold())
    wanted = [sign for sign in one.text.casefold() if sign.isalnum()]
    if len(wanted) < _SHORT or _is_alphabet(one.text) or all(sign in signs for sign in wanted):
        return False
    before = "".join(filter(str.isalnum, one.of.casefold()))
    threes = ["".join(wanted[place : place + 3]) for place in range(len(wanted) - 2)]
    return len(one.of) >= _SHORT and sum(three in before for three in threes) < _KEPT * len(threes)


def _is_alphabet(text: str) -> bool:
    return len(set(text)) == len(text)


def _packed(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> bool:
    """Return whether a value is a constant, as it is or decoded."""
    if depth > _MOST:
        return True
    if isinstance(node, ast.Name) and node.id in names:
        return _packed(names[node.id], names, depth + 1)
    if isinstance(node, ast.Call):
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return any(_packed(value, names, depth + 1) for value in (*node.args, *([inner] if inner else [])))
    if isinstance(node, ast.List | ast.Tuple):
        return len(node.elts) >= _SHORT and all(isinstance(item, ast.Constant) for item in node.elts)
    return _length(node, names) >= _SHORT


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _length(node: ast.expr, names: Mapping[str, ast.expr]) -> int:
    return len(constant_text(node, names) or "")


def _unreadable(tree: ast.Module, path: str) -> Iterator[Found]:
    """Long constants that look random, whoever takes them apart."""
    lines = {line for line, text in constant_texts(tree, rows=False) if _is_random(text)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value.bit_length() > _BITS:
            lines.add(node.lineno)
    for line in sorted(lines):
        message = "a long constant that nobody can read"
        yield found("policy.packed", message, path, line, hint="write the data out as it is")


def _is_random(text: str) -> bool:
    return any(_is_mixed(run) and _entropy(run) > bits for form, bits in _RUNS for run in form.findall(text))


def _is_mixed(run: str) -> bool:
    """Return whether all kinds of signs are in it, and some twice: an alphabet names each of its signs once."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return len(set(run)) < len(run) and all(any(map(kind, run)) for kind in kinds)


def _entropy(text: str) -> float:
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _imports_from(tree: ast.Module, modules: frozenset[str]) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module in modules for node in ast.walk(tree))


def _fixed_digests(tree: ast.Module, path: str, names: Mapping[str, ast.expr]) -> Iterator[Found]:
    """Comparing with a digest that stands in the source: what fits it nobody can see, such as a password."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
            case ast.Call(args=sides) if _called(node) == "compare_digest":
                pass
            case _:
                continue
        texts = [constant_text(inner, names) for side in sides for inner in _parts(side, names)]
        if any(text is not None and _DIGEST.fullmatch(text) for text in texts):
            message = "this compares with a fixed digest, and nobody can see what fits it"
            yield found("policy.digest", message, path, node.lineno, hint="take the digest as an argument")


def _parts(node: ast.expr, names: Mapping[str, ast.expr]) -> Iterator[ast.expr]:
    """An operand, or each member of a collection that it is."""
    node = names.get(node.id, node) if isinstance(node, ast.Name) else node
    match node:
        case ast.Tuple(elts=members) | ast.List(elts=members) | ast.Set(elts=members):
            yield from members
        case ast.Dict(keys=keys):
            yield from (key for key in keys if key)
        case ast.Call(func=ast.Name(id="frozenset" | "set" | "tuple"), args=[inner]):
            yield from _parts(inner, names)
        case _:
            yield node
