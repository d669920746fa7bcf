"""Words for what changes an object, and which object an expression may give: that of a name, or a part of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from sandbox.language.trees import assigned, constants_of, last_name

#: Methods that change what they are called on.
CHANGING: Final = frozenset(
    {"append", "appendleft", "extend", "extendleft", "insert", "add", "update", "setdefault", "pop", "popleft"}
    | {"popitem", "remove", "discard", "clear", "sort", "reverse", "rotate", "send", "subtract", "put_nowait"}
    | {"get_nowait", "set", "write", "read", "readline", "seek", "truncate", "move_to_end", "frombytes", "fromlist"}
    | {"difference_update", "intersection_update", "symmetric_difference_update", "writelines", "readlines", "byteswap"}
    | {"feed", "prepare", "done", "get_ready", "set_result", "set_exception", "set_seq1", "set_seq2", "set_seqs"}
    | {"writerow", "writerows", "writeheader", "clear_flags", "clear_traps", "fromunicode"}
    | {"__next__", "__init__", "__setitem__", "__delitem__", "__set__"}
    | {f"__i{name}__" for name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow")}
    | {f"__i{name}__" for name in ("lshift", "rshift", "and", "xor", "or")}
)
#: Functions that change what they are given first.
TAKING: Final = frozenset(
    {"next", "anext", "heappush", "heappop", "heapify", "heappushpop", "heapreplace", "insort", "insort_left"}
    | {"insort_right", "shuffle", "setitem", "delitem", "iconcat", "pack_into", "SubElement"}
    | {f"i{name}" for name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow")}
    | {f"i{name}" for name in ("lshift", "rshift", "and", "xor", "or")}
)
#: Marks of functions that give out again what they gave before.
CACHES: Final = frozenset({"cache", "lru_cache", "cached_property"})
#: What makes a new object that can be changed.
MAKING: Final = frozenset({"list", "dict", "set", "deque", "Counter", "OrderedDict", "bytearray", "array"})
#: What gives one of several objects, or a part of what it is given, as it is.
_PICKING: Final = frozenset(
    {"max", "min", "next", "choice", "getattr", "reduce", "cast", "get", "pop", "popleft"}
    | {"setdefault", "values", "items", "__getitem__", "getitem", "itemgetter", "attrgetter", "partial"}
)
#: Methods of these that take a key or a place, and give what is there.
_BY_KEY: Final = frozenset({"get", "pop", "setdefault", "__getitem__"})


def sources(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the names, attributes and calls whose object, or a part of it, an expression may give as it is."""
    match node:
        case ast.Attribute(value=value) | ast.Subscript(value=value):
            yield node
            if not isinstance(value, ast.Name):
                yield from sources(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
            yield from _each(parts)
        case ast.Dict(values=parts):
            yield from _each(parts)
        case ast.IfExp(body=first, orelse=second):
            yield from _each([first, second])
        case ast.NamedExpr(value=value) | ast.Await(value=value):
            yield from sources(value)
        case ast.Call(func=ast.Name(id="next"), args=[ast.Call(func=ast.Name(id="iter" | "reversed"), args=parts), *_]):
            yield from _each(parts)
        case ast.Call(func=ast.Attribute(attr=name) as function, args=[_, *others]) if name in _BY_KEY:
            yield from _each([function, *others])  # the key is not what comes out
        case ast.Call(func=function, args=arguments) if _picks(function):
            yield from _each([function, *arguments])
        case _:
            yield node


def _picks(function: ast.expr) -> bool:
    """Return whether a call gives out a part of what it is of, or of what it is given."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in _PICKING or (isinstance(function, ast.Call) and _picks(function.func))


def _each(parts: list[ast.expr]) -> Iterator[ast.AST]:
    for part in parts:
        if not isinstance(part, ast.Starred):
            yield from sources(part)


def changeable(tree: ast.Module) -> frozenset[str]:
    """Return the names at the top of objects that `+=` changes, and of functions that give the same one out again."""
    found = {name for name, value in constants_of(tree).items() if makes(value)}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _gives(node, found):
            found.add(node.name)
    return frozenset(found)


def makes(value: ast.expr) -> bool:
    """Return whether an expression makes an object that can be changed."""
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    return isinstance(value, displays) or (isinstance(value, ast.Call) and last_name(value) in MAKING)


def _gives(function: ast.FunctionDef | ast.AsyncFunctionDef, shared: set[str]) -> bool:
    """Return whether a function gives out what is shared, or what its cache keeps."""
    own = {name for part in ast.walk(function) for name, value in assigned(part) if makes(value)}
    kept = any(last_name(mark) in CACHES for mark in function.decorator_list)
    for part in ast.walk(function):
        match part:
            case ast.Return(value=ast.Name(id=name)) if name in (own if kept else shared - own):
                return True
            case ast.Return(value=ast.expr() as value) if kept and makes(value):
                return True
            case _:
                pass
    return False
