"""Which names a module binds, and which of them are nothing but what was imported: read from the source alone."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator


def bindings(tree: ast.AST) -> list[str]:
    """Return every name that anything in a module, or in a part of it, binds, as often as it is bound."""
    return [name for node in ast.walk(tree) for name in bound(node)]


def bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself binds."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case _:
            pass


class Origins:
    """Where the names of a module come from, for names that are bound once and by an import, or are built in."""

    def __init__(self, tree: ast.Module) -> None:
        self._times = Counter(bindings(tree))
        self._imported = dict(_imports(tree))

    def of(self, node: ast.expr) -> str:
        """Return the full name of what an expression names ("asyncio.sleep", "print"), "" where that is not sure."""
        match node:
            case ast.Name(id=name) if self._times[name] == 0:
                return name if hasattr(builtins, name) else ""
            case ast.Name(id=name) if self._times[name] == 1:
                return self._imported.get(name, "")
            case ast.Attribute(value=value, attr=attr) if origin := self.of(value):
                return f"{origin}.{attr}"
            case _:
                return ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            for one in node.names:
                yield (one.asname, one.name) if one.asname else (one.name.partition(".")[0],) * 2
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)
