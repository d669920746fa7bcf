"""Links references of one file to what they name in the others: imports, methods, attributes, instances and returns.

It follows what is written down (imports, annotations, `x = Class()`, base classes). What would need guessing, or
running the program, stays unlinked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from selfmod.analysis.facts import Class, Function, Module

MAX_HOPS = 24


class Edge(NamedTuple):
    """`caller` calls `callee` on a line of the caller's file; both are full names ("plugins.state.UserState.read")."""

    caller: str
    callee: str
    line: int


class Found(NamedTuple):
    """Something of the tree with its full name; an instance is a class that was called."""

    kind: Literal["module", "class", "instance", "function"]
    name: str


Definition: TypeAlias = Function | Class


@dataclass(slots=True)
class Linker:
    """The names of a tree of modules."""

    modules: dict[str, Module]
    definitions: dict[str, tuple[Module, Definition]] = field(default_factory=dict)
    bindings: dict[str, dict[str, str]] = field(default_factory=dict)
    heads: set[str] = field(default_factory=set)
    known: dict[str, dict[str, Found | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, modules: Iterable[Module]) -> Linker:
        """A linker for these modules; of two with one name, the first counts."""
        linker = cls({})
        for module in modules:
            name = module.name
            if name in linker.modules:
                continue
            linker.modules[name] = module
            linker.heads.add(name.partition(".")[0])
            every: tuple[Definition, ...] = (*module.classes, *module.functions)
            for definition in every:
                linker.definitions.setdefault(f"{name}.{definition.qualname}", (module, definition))
            linker.bindings[name] = {i.name: i.target for i in reversed(module.imports)}
        return linker

    def edges(self) -> list[Edge]:
        """Every call whose target is in the tree, once per line, in order of caller."""
        found: dict[Edge, None] = {}
        for name, module in self.modules.items():
            callers = [(name, module.calls), *((f"{name}.{f.qualname}", f.calls) for f in module.functions)]
            for caller, calls in callers:
                for target, line in calls:
                    callee = self.find(module, target)
                    if callee is not None and callee.kind != "module":
                        found[Edge(caller, callee.name, line)] = None
        return sorted(found)

    def imported(self, module: Module) -> set[str]:
        """The modules of the tree that importing `module` imports."""
        found = set()
        for target, _, _, later in module.imports:
            parts = [] if later else self._absolute(module, target)
            while parts and ".".join(parts) not in self.modules:
                parts = parts[:-1]
            if parts:
                found.add(".".join(parts))
        return found - {module.name}

    def find(self, module: Module, target: str, hops: int = 0) -> Found | None:
        """What a reference in `module` names, or None when it is not in the tree or not known."""
        known = self.known.setdefault(module.path, {})
        if target not in known:
            known[target] = None  # a circle of references ends here
            head = target.partition(".")[0].rstrip("()")
            if hops < MAX_HOPS and (not head or head in self.heads):
                known[target] = self._follow(self._absolute(module, target), hops)
        return known[target]

    @staticmethod
    def _absolute(module: Module, target: str) -> list[str]:
        rest = target.lstrip(".")
        dots = len(target) - len(rest)
        parts = rest.split(".") if rest else []
        if not dots:
            return parts
        package = module.name.split(".")
        return [*package[: len(package) - dots + 1], *parts]

    def _follow(self, parts: list[str], hops: int) -> Found | None:
        here: Found | None = None
        taken = 0
        for size in range(len(parts), 0, -1):
            if ".".join(parts[:size]) in self.modules:
                here, taken = Found("module", ".".join(parts[:size])), size
                break
        for part in parts[taken:]:
            if here is None:
                return None
            name = part.rstrip("()")
            here = self._member(here, name, hops + 1)
            for _ in range(part.count("()")):
                here = self._called(here, hops + 1)
        return here

    def _member(self, here: Found, name: str, hops: int) -> Found | None:
        full = f"{here.name}.{name}"
        if here.kind == "module":
            if full in self.definitions:
                return self._defined(full)
            if full in self.modules:
                return Found("module", full)
            target = self.bindings[here.name].get(name)
            return self.find(self.modules[here.name], target, hops) if target else None
        if here.kind in {"class", "instance"}:
            return self._of_class(here, name, hops)
        return self._defined(full) if full in self.definitions else None

    def _defined(self, full: str) -> Found:
        return Found("class" if isinstance(self.definitions[full][1], Class) else "function", full)

    def _of_class(self, here: Found, name: str, hops: int) -> Found | None:
        if hops > MAX_HOPS:
            return None
        full = f"{here.name}.{name}"
        module, cls = self.definitions[here.name]
        if full in self.definitions:
            found = self._defined(full)
            function = self.definitions[full][1]
            is_property = (
                isinstance(function, Function)
                and function.decorators[-1:]
                and function.decorators[-1].endswith("property")
            )
            return self._called(found, hops) if is_property and here.kind == "instance" else found
        if not isinstance(cls, Class):
            return None
        held = dict(cls.attributes).get(name)
        if held:
            return self.find(module, held, hops)
        for base in cls.bases:
            parent = self.find(module, base, hops)
            if parent is not None and parent.kind == "class" and parent.name != here.name:
                inherited = self._of_class(Found(here.kind, parent.name), name, hops + 1)
                if inherited is not None:
                    return inherited
        return None

    def _called(self, here: Found | None, hops: int) -> Found | None:
        if here is None or here.kind in {"module", "instance"}:
            return None
        if here.kind == "class":
            return Found("instance", here.name)
        module, function = self.definitions[here.name]
        returns = function.returns if isinstance(function, Function) else ""
        return self.find(module, returns, hops) if returns else None
