"""The constant texts of a module as they are when it runs: pieces put together, and what an encoding hides."""

from __future__ import annotations

import ast
import base64
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.language.trees import assigned_alone, bindings

MAX_TEXT: Final = 100_000
_DEEPEST: Final = 60  # of pieces within pieces, and of names that stand for names
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}[ :]?){12,}")
_PIECES: Final = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{2,}+={0,2}(?:(?: \| |, ?|[ ;|.:])[A-Za-z0-9+/_-]{2,}+={0,2})++"
)
_PIECE: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_SIGNS: Final = range(32, 127)
_LAYERS: Final = 3  # of an encoding within an encoding


def constant_texts(tree: ast.Module, *, rows: bool = True) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every constant text, put together as far as it can be read off; parts do not come again.

    Without `rows`, a row of texts is not taken for one, and a statement that is nothing but a text is left out.
    """
    names = names_once(tree)
    whole = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and not rows}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr) or isinstance(node, ast.Name) or id(node) in whole:
            continue
        text = constant_text(node, names)
        if text is None and rows and isinstance(node, ast.List | ast.Tuple):
            text = _in_a_row(node, names)
        if text:
            whole |= {id(part) for part in ast.walk(node)}
            yield node.lineno, text[:MAX_TEXT]


def named_texts(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield (line, name, text) where a constant text is given a name: variable, attribute, key or argument."""
    names = names_once(tree)
    for node in ast.walk(tree):
        for name, value in _named(node):
            text = constant_text(value, names)
            if text:
                yield value.lineno, name, text[:MAX_TEXT]


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((_last_name(target), value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield _last_name(target), value
        case ast.keyword(arg=str() as name, value=value):
            yield name, value
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        case ast.arguments(args=args, defaults=defaults):
            for argument, value in zip(reversed(args), reversed(defaults), strict=False):
                yield argument.arg, value
        case _:
            pass


def _last_name(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case _:
            return ""


def constant_text(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> str | None:
    """Return the text that an expression is whatever happens, None where that cannot be read off."""
    if depth > _DEEPEST:
        return None
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Constant(value=bytes() as data):
            return data.decode("latin-1")
        case ast.Name(id=name) if name in names:
            return constant_text(names[name], names, depth + 1)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _joined("", [left, right], names, depth)
        case ast.JoinedStr(values=values):
            return _joined("", values, names, depth)
        case ast.FormattedValue(value=value, format_spec=None, conversion=-1):
            return constant_text(value, names, depth + 1)
        case ast.Call(func=ast.Attribute(attr="join", value=between), args=[row]):
            separator, parts = constant_text(between, names, depth + 1), _row(row, names)
            return None if separator is None or parts is None else _joined(separator, parts, names, depth)
        case ast.Subscript(value=value, slice=ast.Slice() as part):
            whole, ends = constant_text(value, names, depth + 1), _ends(part)
            return None if whole is None or ends is None else whole[ends]
        case ast.Call(
            func=ast.Attribute(attr="replace", value=value),
            args=[ast.Constant(value=str() as old), ast.Constant(value=str() as new)],
        ):
            filled = constant_text(value, names, depth + 1)
            return None if filled is None else filled.replace(old, new)[:MAX_TEXT]
        case _:
            return None


def _ends(part: ast.Slice) -> slice | None:
    """Return a slice whose ends and step are written out."""
    try:
        given = [None if end is None else ast.literal_eval(end) for end in (part.lower, part.upper, part.step)]
    except ValueError:
        return None
    plain = all(end is None or type(end) is int for end in given) and given[2] != 0
    return slice(*given) if plain else None


def _joined(separator: str, parts: list[ast.expr], names: Mapping[str, ast.expr], depth: int) -> str | None:
    texts = [constant_text(part, names, depth + 1) for part in parts]
    known = [text for text in texts if text is not None]
    return separator.join(known) if known and len(known) == len(texts) and sum(map(len, known)) < MAX_TEXT else None


def _row(node: ast.expr, names: Mapping[str, ast.expr]) -> list[ast.expr] | None:
    node = names.get(node.id, node) if isinstance(node, ast.Name) else node
    return node.elts if isinstance(node, ast.List | ast.Tuple) else None


def _in_a_row(node: ast.List | ast.Tuple, names: Mapping[str, ast.expr]) -> str | None:
    """What stands in a row may be meant to be put together elsewhere: texts, or the numbers of signs."""
    numbers = [item.value for item in node.elts if isinstance(item, ast.Constant) and type(item.value) is int]
    if len(numbers) == len(node.elts) and all(number in _SIGNS for number in numbers):
        return "".join(map(chr, numbers))
    return _joined("", node.elts, names, 0) if len(node.elts) > 1 else None


def names_once(tree: ast.Module) -> dict[str, ast.expr]:
    """The names that are given a value once in the whole module, with that value."""
    bound = Counter(bindings(tree))
    return {name: value for node in ast.walk(tree) for name, value in assigned_alone(node) if bound[name] == 1}


def decoded(text: str, layers: int = _LAYERS) -> Iterator[str]:
    """Yield the readable texts that stand in a text as base64 or hexadecimal digits, also within one another."""
    found = [
        inner for token in dict.fromkeys([*_BASE64.findall(text), *_HEX.findall(text)]) for inner in _decoded(token)
    ]
    for inner in (*found, *_together(text)):
        yield inner
        if layers > 1:
            yield from decoded(inner, layers - 1)


def _together(text: str) -> Iterator[str]:
    """What pieces side by side hide: cut after it was encoded, or encoded each by itself."""
    for row in _PIECES.findall(text):
        pieces = _PIECE.findall(row)
        yield from _decoded("".join(pieces))
        inner = [next(_decoded(piece), "") for piece in pieces]
        if all(inner):
            yield " ".join(inner)


def _decoded(token: str) -> Iterator[str]:
    digits = token.replace(" ", "").replace(":", "")
    plain = digits.rstrip("=").replace("-", "+").replace("_", "/")
    for decode, form in ((bytes.fromhex, digits), (base64.b64decode, plain + "=" * (-len(plain) % 4))):
        try:
            inner = decode(form).decode("utf-8")
        except ValueError:
            continue
        if inner and all(character.isprintable() or character in "\t\r\n" for character in inner):
            yield inner
