"""The operations, functions and methods that the evaluator of literal data knows, each bounded in what it can make."""

from __future__ import annotations

import ast
import base64
import binascii
import codecs
import itertools
import operator
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

_LONGEST: Final = 100_000
_BITS: Final = 100_000
_PLAIN: Final = re.compile(r"(?:[^%]|%[cdsxX%])*", re.DOTALL)
_FIELDS: Final = re.compile(r"(?:[^{}]|\{\d?\})*", re.DOTALL)


class Unknown(Exception):
    """A value that cannot be worked out here."""


def bounded(value: Any) -> Any:
    """Return a value, as a list where it is a row without one. Raises Unknown where it is too large or strange."""
    if isinstance(value, str | bytes | list | dict):
        fits = len(value) <= _LONGEST
    elif isinstance(value, tuple | range | bytearray):
        fits, value = len(value) <= _LONGEST, bytes(value) if isinstance(value, bytearray) else value
        value = list(value) if fits and not isinstance(value, bytes) else value
    else:
        fits = value is None or (isinstance(value, int) and value.bit_length() <= _BITS)
    if not fits:
        raise Unknown
    return value


def operate(op: ast.operator, left: Any, right: Any) -> Any:
    """Two values and what stands between them."""
    for one, times in ((left, right), (right, left)):
        if isinstance(op, ast.Mult) and isinstance(one, str | bytes | list) and len(one) * int(times) > _LONGEST:
            raise Unknown
    if isinstance(op, ast.Mod) and not isinstance(left, int):
        if not (isinstance(left, str) and _PLAIN.fullmatch(left)):
            raise Unknown  # a template, which may ask for any width
        given = tuple(right) if isinstance(right, list) else (right,)
        _fits(len(left), *map(_length, given))
        return left % given
    if isinstance(op, ast.LShift | ast.Pow) and not (isinstance(right, int) and 0 <= right <= 4096):
        raise Unknown
    if isinstance(op, ast.Pow) and (not isinstance(left, int) or left.bit_length() * right > _BITS):
        raise Unknown
    return bounded(OPERATIONS[type(op)](left, right))


OPERATIONS: Final[Mapping[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Invert: operator.invert,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, row: one in row,
    ast.NotIn: lambda one, row: one not in row,
}


def _row(given: Any) -> Any:
    """Bytes out of a row of numbers; a number alone would be that many zeros."""
    if isinstance(given, int):
        raise Unknown
    return bytes(given)


def _fits(*lengths: int) -> None:
    if sum(lengths) > _LONGEST:
        raise Unknown


def _length(value: Any) -> int:
    """How long a value is as a text; of rows, whose members may be rows, nothing is made one."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, int):
        return value.bit_length()
    raise Unknown


def shown(value: Any, form: str = "") -> str:
    """A value as a part of a text."""
    _fits(_length(value))
    return format(value, form)


def _chained(*rows: Any) -> list[Any]:
    _fits(*map(len, rows))
    return list(itertools.chain(*rows))


def _summed(row: Any, start: int = 0) -> int:
    if not all(isinstance(one, int) for one in row):
        raise Unknown
    return start + sum(map(int, row))


def _translated(value: Any, table: Any) -> Any:
    if isinstance(table, dict):
        _fits(len(value) * max((len(one) for one in table.values() if isinstance(one, str)), default=1))
    return value.translate(table)


def _text(given: Any, encoding: str = "", errors: str = "strict") -> str:
    _length(given)
    return given.decode(encoding, errors) if encoding else str(given)


def _packed(form: str, *values: Any) -> bytes:
    if len(form) > 20 or any(character.isdigit() for character in form[:-1][3:]):
        raise Unknown
    return struct.pack(form, *values) if struct.calcsize(form) <= _LONGEST else b""


def _codec(data: Any, encoding: str = "utf-8", errors: str = "strict") -> Any:
    if encoding.replace("-", "_").lower() not in ("rot13", "rot_13", "hex", "hex_codec", "base64", "utf_8", "ascii"):
        raise Unknown  # others may make much of little
    return codecs.decode(data, encoding, errors)


def _range(*ends: int) -> range:
    return range(*ends)


#: Functions by the name that they are called by, with the module or without.
VALUES: Final[dict[str, Callable[..., Any]]] = {
    "chr": chr,
    "ord": ord,
    "bytes": _row,
    "bytearray": _row,
    "str": _text,
    "int": int,
    "len": len,
    "abs": abs,
    "list": list,
    "tuple": list,
    "iter": list,
    "reversed": lambda row: list(row)[::-1],
    "sorted": sorted,
    "zip": lambda *rows, strict=False: list(zip(*rows, strict=strict)),
    "range": _range,
    "sum": _summed,
    "enumerate": lambda row, start=0: list(enumerate(row, start)),
    "hex": hex,
    "divmod": divmod,
    "dict": dict,
    "xor": operator.xor,
    "add": operator.add,
    "sub": operator.sub,
    "min": min,
    "max": max,
    "bytes.fromhex": bytes.fromhex,
    "int.from_bytes": int.from_bytes,
    "str.maketrans": str.maketrans,
    "bytes.maketrans": bytes.maketrans,
    "chain.from_iterable": lambda rows: _chained(*rows),
    "chain": _chained,
    "islice": lambda row, *ends: row[slice(*ends)],
    "array": lambda code, row: _row(row) if code == "B" else list(row),
}
_MODULES: Final[dict[str, Callable[..., Any]]] = {
    **{f"base64.{name}": getattr(base64, name) for name in ("b64decode", "b32decode", "b16decode", "b85decode")},
    **{f"base64.{name}": getattr(base64, name) for name in ("a85decode", "urlsafe_b64decode", "standard_b64decode")},
    "binascii.unhexlify": binascii.unhexlify,
    "binascii.a2b_hex": binascii.a2b_hex,
    "binascii.a2b_base64": binascii.a2b_base64,
    "codecs.decode": _codec,
    "codecs.encode": _codec,
    "struct.pack": _packed,
}
VALUES.update(_MODULES)
_ALONE: Final = {name.partition(".")[2]: one for name, one in _MODULES.items() if not name.startswith("codecs")}
VALUES.update(_ALONE)
VALUES["array.array"] = VALUES["array"]


def _of_text(name: str) -> Callable[..., Any]:
    """A method of texts and bytes that makes no more than was there."""

    def method(value: Any, *given: Any, **named: Any) -> Any:
        if not isinstance(value, str | bytes):
            raise Unknown
        return getattr(value, name)(*given, **named)

    return method


def _decode(value: Any, encoding: str = "utf-8", errors: str = "strict") -> str:
    return str(_codec(value, encoding, errors)) if "rot" in encoding else value.decode(encoding, errors)


def _joined(between: Any, row: Any) -> Any:
    if sum(map(len, row)) + len(between) * len(row) > _LONGEST:
        raise Unknown
    return between.join(row)


def _replaced(value: Any, old: Any, new: Any, *count: int) -> Any:
    if len(value) * (len(new) + 1) > _LONGEST:
        raise Unknown
    return value.replace(old, new, *count)


def _filled(template: str, *given: Any) -> str:
    """A template in which every field is a plain one, so that it makes no more than it is given."""
    if not _FIELDS.fullmatch(template):
        raise Unknown
    _fits(len(template), template.count("{") * max(map(_length, given), default=0))
    return template.format(*given)


def _changed(name: str) -> Callable[..., Any]:
    """A row as it is after a method that changes rows."""

    def change(value: Any, *given: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Unknown
        row = list(value)
        getattr(row, name)(*given)
        return row

    return change


#: Methods that change rows, by their name.
CHANGES: Final = {name: _changed(name) for name in ("append", "extend", "insert", "reverse", "sort", "pop", "remove")}


def _to_bytes(value: int, length: int = 1, byteorder: Any = "big") -> bytes:
    return value.to_bytes(length if length <= _LONGEST else 0, byteorder)


#: Methods by their name.
METHODS: Final[dict[str, Callable[..., Any]]] = {
    **{name: _of_text(name) for name in ("encode", "strip", "lstrip", "rstrip", "lower", "upper", "swapcase", "title")},
    **{name: _of_text(name) for name in ("capitalize", "split", "rsplit", "removeprefix", "removesuffix", "hex")},
    **{name: _of_text(name) for name in ("find", "index", "isalpha", "isdigit", "isupper", "islower")},
    "join": _joined,
    "translate": _translated,
    "format": _filled,
    "replace": _replaced,
    "decode": _decode,
    "to_bytes": _to_bytes,
    "tobytes": lambda value: value,
    "values": lambda value: list(value.values()),
    "get": dict.get,
    "items": lambda value: list(value.items()),
    "keys": list,
    "bit_length": int.bit_length,
}
