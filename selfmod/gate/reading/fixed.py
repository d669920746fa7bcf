"""What a call of the SDK is given that stands in the source as it is: it is the same every time and tells nothing."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Mapping
from typing import Final

from sandbox.language.trees import bindings, names_bound_by

_GIVEN: Final[Mapping[str, tuple[str, ...]]] = {
    "set": ("key", "value"),
    "write": ("path", "data"),
    "write_text": ("path", "text"),
    "send": ("data",),
    **dict.fromkeys(("get", "post", "put", "delete"), ("url",)),
    **dict.fromkeys(("request", "stream"), ("method", "url")),
}
_DEEPEST: Final = 5
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Fixed:
    """The calls of a module by where they end, and the names in it that are bound once."""

    def __init__(self, tree: ast.Module) -> None:
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        self._calls = {(node.end_lineno or 0, node.end_col_offset or 0): node for node in calls}
        once = {name for name, times in Counter(bindings(tree)).items() if times == 1}
        self._values = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id in once
        }
        functions = [node for node in ast.walk(tree) if isinstance(node, Function | ast.Lambda)]
        inside = [part for node in functions for part in ast.walk(node) if part is not node]
        self._local = {name for part in inside for name in names_bound_by(part)}
        self.texts = frozenset(
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )

    def line(self, end: tuple[int, int]) -> int:
        """The line on which the call begins that ends there, 0 for none."""
        return self._calls[end].lineno if end in self._calls else 0

    def has(self, end: tuple[int, int], names: tuple[str, ...], part: str = "") -> bool:
        """Whether what the call gives under these names, or only `part` of it, stands in the source as it is.

        A name that it does not give is as fixed as can be.
        """
        given = self._given(self._calls.get(end))
        return given is not None and all(self._is_fixed(given[name], part) for name in names if name in given)

    def same(self, end: tuple[int, int], names: tuple[str, ...]) -> int:
        """The first line on which a call gives the same under these names, 0 where that depends on the place."""
        return self._first(names).get(self._shown(end, names), 0)

    @functools.cache  # noqa: B019 - there is one for the module, as long as the process is there
    def _first(self, names: tuple[str, ...]) -> dict[str, int]:
        ends = sorted(self._calls, key=lambda end: -self._calls[end].lineno)
        return {shown: self._calls[end].lineno for end in ends if (shown := self._shown(end, names))}

    def _shown(self, end: tuple[int, int], names: tuple[str, ...]) -> str:
        given = self._given(self._calls.get(end)) or {}
        nodes = [given[name] for name in names if name in given]
        read = {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)}
        return "" if read & self._local else " ".join(map(ast.dump, nodes))

    def _given(self, call: ast.Call | None) -> dict[str, ast.expr] | None:
        """What a call of the SDK gives, by name; None for any other call, and where that cannot be read."""
        if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr not in _GIVEN:
            return None
        if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
            return None
        named = {one.arg: one.value for one in call.keywords if one.arg}
        return dict(zip(_GIVEN[call.func.attr], call.args, strict=False)) | named

    def _is_fixed(self, node: ast.expr, part: str) -> bool:
        node = self._bare(node)
        if isinstance(node, ast.Dict) and part.startswith("["):
            for key, value in zip(node.keys, node.values, strict=True):
                own = f"[{key.value!r}]" if isinstance(key, ast.Constant) else None
                if own and part.startswith(own):
                    return self._is_fixed(value, part.removeprefix(own))
            return False
        try:
            ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return False
        return True

    def _bare(self, node: ast.expr) -> ast.expr:
        """What stands behind names, and within what only writes it as JSON or bytes."""
        for _ in range(_DEEPEST):
            match node:
                case ast.Name(id=name) if name in self._values:
                    node = self._values[name]
                case ast.Call(func=ast.Attribute(value=inner, attr="encode")):
                    node = inner
                case ast.Call(func=ast.Attribute(attr="dumps"), args=[inner]):
                    node = inner
                case _:
                    break
        return node
