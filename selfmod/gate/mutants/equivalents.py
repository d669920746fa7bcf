"""Mutants that are left out because no test could notice them, each by a rule that holds for every input.

Where only the truth of a text counts, stripping one end is as good as stripping both: what is left is empty in the same
cases; and a number that is kept for its truth is as good as another. `[0:n]` is `[:n]`, and a step of 1 is none. A key
of a table is as good as any other where its value is what every lookup falls back to. What the SDK gives sorted need
not be sorted again. The module's own text must show it; what would need more than that is mutated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sandbox.language.trees import bindings, constants_of
from selfmod.gate.mutants.flags import flags, is_same_flag

_STRIPS = frozenset({"strip", "lstrip", "rstrip"})
# What the SDK promises to give in order.
_ORDERED = frozenset({("storage", "keys"), ("files", "list")})


class Equivalents:
    """What is known of one module; `same` says whether a mutant of an expression is the plugin in other words."""

    def __init__(self, tree: ast.Module) -> None:
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        truths = set(_truths(tree))
        self._truths = truths if not own & _STRIPS else set()
        self._flags = set(flags(tree, truths))
        self._plain = "__getitem__" not in own
        self._sdk = set(_from_sdk(tree))
        self._keys = dict(_redundant_keys(tree))

    def same(self, node: ast.expr, variant: ast.expr) -> bool:
        """Tell whether `variant` in the place of `node` makes no difference."""
        match node, variant:
            case ast.Call(func=ast.Name(id="sorted"), args=[given], keywords=[]), ast.Call(func=ast.Name(id="list")):
                return self._in_order(given)
            case ast.Call(func=ast.Attribute(attr=before)), ast.Call(func=ast.Attribute(attr=after)):
                return node in self._truths and {before, after} <= _STRIPS
            case ast.Subscript(slice=ast.Slice() as whole), ast.Subscript(slice=ast.Slice() as part):
                return self._plain and _same_slice(whole, part)
            case ast.Constant(value=before), ast.Constant(value=after):
                if node in self._flags:
                    return is_same_flag(before, after)
                return node in self._keys and after not in self._keys[node]
            case _:
                return False

    def _in_order(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                return name in self._sdk and (name, attr) in _ORDERED
            case _:
                return False


def _from_sdk(tree: ast.Module) -> Iterator[str]:
    """Names that are the SDK's and nothing else's."""
    bound = bindings(tree)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "plugins.sdk":
            yield from (one.name for one in node.names if one.asname is None and bound.count(one.name) == 1)


def _same_slice(whole: ast.Slice, part: ast.Slice) -> bool:
    """Tell whether only a first place of 0, or a step of 1, is gone."""
    if whole.lower is not None and part.lower is None:
        return whole.step is None and ast.unparse(whole.lower) == "0"
    return whole.step is not None and part.step is None and ast.unparse(whole.step) == "1"


# ---- where only the truth of a value counts --------------------------------------------------------------------------


def _truths(tree: ast.Module) -> Iterator[ast.expr]:
    """Expressions whose truth is all that the code around them asks for."""
    bound = {*bindings(tree)}
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                yield from _parts(test)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield from _parts(operand)
            case ast.comprehension(ifs=tests):
                for test in tests:
                    yield from _parts(test)
            case ast.Call(
                func=ast.Name(id="any" | "all" as name), args=[ast.GeneratorExp(elt=test) | ast.ListComp(elt=test)]
            ):
                yield from _parts(test) if name not in bound else ()
            case _:
                pass


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _parts(value)
    else:
        yield test


# ---- entries of a table that every lookup falls back to --------------------------------------------------------------


def _redundant_keys(tree: ast.Module) -> Iterator[tuple[ast.expr, list[object]]]:
    """Keys whose value is the default of every lookup, with the other keys of their table."""
    tables = {name: value for name, value in constants_of(tree).items() if isinstance(value, ast.Dict)}
    for name, table in tables.items():
        defaults = _defaults(tree, name)
        keys: list[object] = [key.value for key in table.keys if isinstance(key, ast.Constant)]
        if not defaults or len(keys) != len(table.keys):
            continue
        for place, (key, value) in enumerate(zip(table.keys, table.values, strict=True)):
            others = [*keys[:place], *keys[place + 1 :]]
            if key is not None and keys[place] not in others and all(_alike(value, other) for other in defaults):
                yield key, others


def _alike(value: ast.expr, other: ast.Constant) -> bool:
    return isinstance(value, ast.Constant) and (type(value.value), repr(value.value)) == (
        type(other.value),
        repr(other.value),
    )


def _defaults(tree: ast.Module, name: str) -> list[ast.Constant]:
    """The constants that lookups in a table fall back to; none where it is used in any other way."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=other), attr="get"), args=[_, default], keywords=[]):
                found += [default] if other == name and isinstance(default, ast.Constant) else []
            case _:
                pass
    reads = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    return found if len(found) == len(reads) - 1 else []  # one of them is where it is made
