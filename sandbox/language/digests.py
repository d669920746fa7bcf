"""Tests that hold a digest of the plugin's results: it fails for every change, and says of none what would be right."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from sandbox.language.annotations import Report

_DIGESTS: Final = frozenset(
    {"crc32", "adler32", "crc_hqx", "new", "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s"}
    | {"sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake_128", "shake_256", "digest", "pbkdf2_hmac", "scrypt"}
)
_MODULES: Final = frozenset({"hashlib", "hmac", "zlib", "binascii"})


def check_digests(tree: ast.Module, touched: frozenset[str], report: Report) -> None:
    """Report assertions that compare a digest of what the plugin returned with a written one."""
    makers = frozenset(_makers(tree))
    if not makers:
        return
    values = dict(_values(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            sides = [list(_origins(side, values)) for side in (node.test.left, *node.test.comparators)]
            written = any(isinstance(part, ast.Constant) for side in sides for part in side[-1:])
            if written and any(_digests(part, makers, touched) for side in sides for part in side):
                message = "a digest says that the result is what it was, not that it is right"
                report(node, "tests.digest", message, "compare the results themselves, with values worked out by hand")


def _makers(tree: ast.Module) -> Iterator[str]:
    """Yield the names and dotted names that make digests."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                yield from (alias.asname or alias.name for alias in aliases if alias.name in _MODULES)
            case ast.ImportFrom(module=str() as module, names=aliases) if module in _MODULES:
                yield from (alias.asname or alias.name for alias in aliases if alias.name in _DIGESTS)
            case _:
                pass


def _values(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _origins(side: ast.expr, values: dict[str, ast.expr]) -> Iterator[ast.expr]:
    """Yield an expression and what its name stands for, to the end."""
    seen: set[str] = set()
    yield side
    while isinstance(side, ast.Name) and side.id in values and side.id not in seen:
        seen.add(side.id)
        side = values[side.id]
        yield side


def _digests(node: ast.expr, makers: frozenset[str], touched: frozenset[str]) -> bool:
    """Return whether an expression makes a digest of something that comes from the plugin."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and _is_maker(part.func, makers):
            names = {inner.id for inner in ast.walk(part) if isinstance(inner, ast.Name)}
            if names & touched:
                return True
    return False


def _is_maker(function: ast.expr, makers: frozenset[str]) -> bool:
    match function:
        case ast.Name(id=name):
            return name in makers
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return module in makers and name in _DIGESTS
        case _:
            return False
