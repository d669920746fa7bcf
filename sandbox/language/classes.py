"""Class patterns: `case Point(x, y)` reads attributes that the source does not name there, past every guard.

Which attributes it reads is said by `__match_args__` of the class, which dataclasses and named tuples make of their
fields; and by `register` of an abstract class any object may be an instance of it. So a pattern with positions stands
only on a class that is written in the same file, where its fields can be read.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from sandbox.language.names import FORMATTERS, UNMATCHED, WATCHED
from sandbox.language.trees import bindings, last_name, names_bound_by, root

#: Builtin classes that take one position: the value itself.
_VALUES: Final = frozenset(
    {"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
)
_BUILTIN_BASES: Final = _VALUES | {"object", "Exception"}
_DECORATORS: Final = frozenset({"dataclass", "final", "runtime_checkable", "total_ordering", "unique"})
_BY_TEXT: Final = frozenset({"namedtuple", "NamedTuple", "make_dataclass", "Enum", "IntEnum", "StrEnum", "TypedDict"})
#: What no field may be called: frames and code objects are reached by these names alone.
_NO_FIELDS: Final = WATCHED - FORMATTERS
_WORD: Final = re.compile(r"\w+")


def is_unmatched(name: object) -> bool:
    """Return whether a pattern may not read an attribute of this name."""
    return type(name) is not str or name.startswith("_") or name in UNMATCHED


def pattern_classes(tree: ast.Module) -> frozenset[str]:
    """Return the names of the classes that may stand in a pattern with positions; none where no class stands in one."""
    if not any(isinstance(node, ast.MatchClass) for node in ast.walk(tree)):
        return frozenset()
    bound = Counter(bindings(tree))
    defined = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and bound[node.name] == 1}
    imported = _imported(tree) - {name for name, count in bound.items() if count > 1}
    known = {name for name in _VALUES if not bound[name]}
    bases = imported | {name for name in _BUILTIN_BASES if not bound[name]}
    while True:
        added = {name for name, node in defined.items() if _is_plain(node, bases | known)} - known
        if not added:
            return frozenset(known)
        known |= added


def hidden_fields(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield each field of a class, also one that is written as text, by whose name frames and code are reached."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                yield from ((place, name) for place, name in _members(part) if name in _NO_FIELDS)
        elif isinstance(node, ast.Call) and last_name(node.func) in _BY_TEXT:
            for place, text in _texts(node):
                yield from ((place, name) for name in _WORD.findall(text) if name in _NO_FIELDS)


def _imported(tree: ast.Module) -> set[str]:
    """Return what is imported from libraries, whose classes have no such fields; the plugin is none."""
    names: set[str] = set()
    for node in ast.walk(tree):
        plugin = isinstance(node, ast.ImportFrom) and (node.module == "plugin" or node.level)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not plugin:
            names.update(names_bound_by(node))
    return names - {"plugin"}


def _is_plain(node: ast.ClassDef, bases: set[str]) -> bool:
    """Return whether all fields of a class are written there, and none of them leads out."""
    decorators = all(last_name(item) in _DECORATORS for item in node.decorator_list)
    inherits = all(root(base) in bases for base in node.bases)
    named = (name for part in node.body for _, name in _members(part))
    return decorators and inherits and not any(is_unmatched(name) for name in named if name not in _SPECIAL)


_SPECIAL: Final = frozenset({"__match_args__", "__slots__", "__hash__"})


def _members(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield (place, name) of what one statement of a class body makes a field, and of the names it lists as text."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
            return
        case ast.Name(id=name, ctx=ast.Store()):
            yield node, name
        case ast.Assign(targets=[ast.Name(id="__match_args__" | "__slots__")]):
            yield from _texts(node)
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        yield from _members(child)


def _texts(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part, part.value
