"""Which names of a module are nothing but what was imported, or is built in: read from the source alone."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator

from sandbox.language.trees import bindings


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
