"""What is known about one source file from reading it alone. Names of other files are linked later, by `index`.

A reference is a dotted text: ".Store.get" is in the same file, "..state.load" is relative to its package, "json.dumps"
is absolute, and "()" after a part means "what calling this gives": ".Store().get" is the method of an instance.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

# A call that can be named: what is called, and on which line. A plain tuple, since there are tens of thousands.
Call: TypeAlias = tuple[str, int]


class Import(NamedTuple):
    """One imported name: `target` as a reference, bound to `name`; `later` when importing the module does not do it."""

    target: str
    name: str
    line: int
    later: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function or method. `qualname` is its path in the file ("Store.get", "outer.inner")."""

    qualname: str
    line: int
    end_line: int
    signature: str
    returns: str
    doc: str
    untyped: tuple[str, ...]
    decorators: tuple[str, ...]
    complexity: int
    statements: tuple[int, ...]
    calls: tuple[Call, ...]
    unresolved: int
    kind: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.qualname.rpartition(".")[2]

    @property
    def lines(self) -> int:
        """How many lines it takes, signature included."""
        return self.end_line - self.line + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class; its methods are among the functions of its module. `attributes` pairs a name with what it holds."""

    qualname: str
    line: int
    end_line: int
    bases: tuple[str, ...]
    doc: str
    attributes: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.qualname.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A file that could be read. `words` are the identifiers that it uses, `calls` those made when it is imported."""

    path: str
    sha256: str
    lines: int
    doc: str
    imports: tuple[Import, ...]
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    constants: tuple[str, ...]
    calls: tuple[Call, ...]
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its dotted name, from its path below the root."""
        return module_name(self.path)


@lru_cache(maxsize=65536)
def module_name(path: str) -> str:
    """The dotted name of the module at a path relative to the root; `src/` is a folder of packages, not one itself."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] == "src" and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


Fact = TypeVar("Fact", Function, Class, Module)
_NAMES: dict[type, tuple[str, ...]] = {cls: tuple(f.name for f in fields(cls)) for cls in (Function, Class, Module)}
_VALUES = {cls: attrgetter(*names) for cls, names in _NAMES.items()}


def pack(module: Module) -> list[Any]:
    """The module as lists, strings and numbers, in the order of its fields."""
    row = list(_VALUES[Module](module))
    row[5] = [_VALUES[Function](f) for f in module.functions]
    row[6] = [_VALUES[Class](c) for c in module.classes]
    return row


def unpack(row: list[Any]) -> Module:
    """What `pack` packed. Raises TypeError, ValueError or IndexError for anything else."""
    values = dict(zip(_NAMES[Module], row, strict=True))
    values["imports"] = tuple(map(Import._make, values["imports"]))
    values["functions"] = tuple(_function(f) for f in values["functions"])
    values["classes"] = tuple(_class(c) for c in values["classes"])
    values["calls"] = tuple(map(_call, values["calls"]))
    values["constants"], values["words"] = tuple(values["constants"]), tuple(values["words"])
    return Module(**values)


def _call(row: list[Any]) -> Call:
    target, line = row
    return target, line


def _function(row: list[Any]) -> Function:
    values = dict(zip(_NAMES[Function], row, strict=True))
    values["calls"] = tuple(map(_call, values["calls"]))
    for name in ("untyped", "decorators", "statements"):
        values[name] = tuple(values[name])
    return Function(**values)


def _class(row: list[Any]) -> Class:
    values = dict(zip(_NAMES[Class], row, strict=True))
    values["bases"] = tuple(values["bases"])
    values["attributes"] = tuple((name, held) for name, held in values["attributes"])
    return Class(**values)
