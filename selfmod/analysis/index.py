"""The index of a tree of sources: facts of each file, linked, with coverage where measured, cached by content."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from selfmod.analysis import measured, tree
from selfmod.analysis.facts import Class, Function, Module, module_name, pack, unpack
from selfmod.analysis.link import Edge, Linker
from selfmod.analysis.read import Unreadable, read
from selfmod.analysis.tree import Skipped, Source, read_regular

FORMAT = 1
MAX_CACHE_BYTES = 256_000_000


@dataclass(frozen=True, kw_only=True)  # without slots: what is derived is computed once, when it is first wanted
class Index:
    """What is known about the sources below `root`."""

    root: Path
    modules: tuple[Module, ...]
    skipped: tuple[Skipped, ...]
    executed: Mapping[str, frozenset[int]] | None
    reread: int

    @property
    def folder(self) -> Path:
        """What the paths of modules are relative to."""
        return self.root if self.root.is_dir() else self.root.parent

    def functions(self) -> Iterator[tuple[str, Module, Function]]:
        """Every function with its full name and its module."""
        for module in self.modules:
            name = module.name
            for function in module.functions:
                yield f"{name}.{function.qualname}", module, function

    def classes(self) -> Iterator[tuple[str, Module, Class]]:
        """Every class with its full name and its module."""
        for module in self.modules:
            name = module.name
            for cls in module.classes:
                yield f"{name}.{cls.qualname}", module, cls

    @cached_property
    def linker(self) -> Linker:
        """The names of the tree."""
        return Linker.of(self.modules)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Who calls whom, within the tree."""
        return tuple(self.linker.edges())

    @cached_property
    def callers(self) -> Mapping[str, tuple[str, ...]]:
        """The callers of each full name that has some, without those in itself."""
        found: dict[str, set[str]] = defaultdict(set)
        for caller, callee, _ in self.edges:
            if caller != callee:
                found[callee].add(caller)
        return {name: tuple(sorted(callers)) for name, callers in found.items()}

    @cached_property
    def callees(self) -> Mapping[str, tuple[str, ...]]:
        """What each full name that calls something of the tree calls."""
        found: dict[str, set[str]] = defaultdict(set)
        for caller, callee, _ in self.edges:
            found[caller].add(callee)
        return {name: tuple(sorted(callees)) for name, callees in found.items()}

    @cached_property
    def imports(self) -> Mapping[str, tuple[str, ...]]:
        """The modules of the tree that each module imports when it is imported."""
        return {m.name: tuple(sorted(self.linker.imported(m))) for m in self.modules}

    def coverage(self, module: Module, function: Function) -> float | None:
        """The share of a function's statements that were executed; None where nothing was measured."""
        if self.executed is None or module.path not in self.executed or not function.statements:
            return None
        hit = self.executed[module.path].intersection(function.statements)
        return len(hit) / len(function.statements)

    def to_json(self) -> dict[str, object]:
        """The whole index as JSON values."""
        return {
            "root": os.fspath(self.root),
            "modules": [self._module_json(module) for module in self.modules],
            "edges": [{"caller": e.caller, "callee": e.callee, "line": e.line} for e in self.edges],
            "skipped": [{"path": s.path, "reason": s.reason} for s in self.skipped],
            "measured": self.executed is not None,
        }

    def _module_json(self, module: Module) -> dict[str, object]:
        return {
            "name": module.name,
            "path": module.path,
            "lines": module.lines,
            "sha256": module.sha256,
            "doc": module.doc,
            "imports": sorted({target for target, *_ in module.imports}),
            "imports_in_tree": list(self.imports[module.name]),
            "classes": [
                {"name": c.qualname, "line": c.line, "end_line": c.end_line, "bases": list(c.bases), "doc": c.doc}
                for c in module.classes
            ],
            "functions": [self._function_json(module, f) for f in module.functions],
        }

    def _function_json(self, module: Module, function: Function) -> dict[str, object]:
        full = f"{module.name}.{function.qualname}"
        return {
            "name": function.qualname,
            "line": function.line,
            "end_line": function.end_line,
            "signature": function.signature,
            "doc": function.doc,
            "complexity": function.complexity,
            "coverage": self.coverage(module, function),
            "untyped": list(function.untyped),
            "calls": list(self.callees.get(full, ())),
            "called_by": list(self.callers.get(full, ())),
            "calls_unresolved": function.unresolved,
        }


def build(root: Path, cache: Path | None = None) -> Index:
    """The index of the Python sources below `root`, or of one file. `cache` is a folder of the person, not of the tree.

    Files that cannot be read or parsed are in `skipped`, with the reason; nothing of the tree makes this raise. A cache
    that is damaged, old or not writable only costs time.
    """
    root = root.absolute()
    sources, skipped = tree.sources(root)
    store = None if cache is None else cache / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json"
    known = {} if store is None else _load(store)
    modules, problems, reread = _modules(sources, known)
    if store is not None and (reread or len(modules) + len(problems) != len(known)):
        _save(store, modules, problems)
    skipped += [Skipped(path, reason) for path, (_, reason) in problems.items()]
    return Index(
        root=root,
        modules=tuple(modules),
        skipped=tuple(sorted(skipped)),
        executed=measured.executed(root if root.is_dir() else root.parent),
        reread=reread,
    )


_Problems: TypeAlias = dict[str, tuple[str, str]]  # path -> sha256 of the content, why it cannot be parsed
_Known: TypeAlias = Module | tuple[str, str]


def _modules(sources: Iterable[Source], known: Mapping[str, _Known]) -> tuple[list[Module], _Problems, int]:
    modules: list[Module] = []
    problems: _Problems = {}
    reread = 0
    for path, content in sources:
        digest = hashlib.sha256(content).hexdigest()
        match known.get(path):
            case Module(sha256=same) as module if same == digest:
                modules.append(module)
            case (same, str(reason)) if same == digest:
                problems[path] = (digest, reason)
            case _:
                reread += 1
                try:
                    modules.append(read(path, content))
                except Unreadable as error:
                    problems[path] = (digest, str(error))
    return modules, problems, reread


# --- the cache: a checksum, a line feed, JSON. It belongs to the person, so the checksum guards against damage. ---

_VERSION = [FORMAT, *sys.version_info[:2]]


def _load(store: Path) -> dict[str, _Known]:
    try:
        digest, _, body = read_regular(os.fspath(store), MAX_CACHE_BYTES).partition(b"\n")
        if digest != hashlib.sha256(body).hexdigest().encode():
            return {}
        version, modules, problems = json.loads(body)
        if version != _VERSION:
            return {}
        known: dict[str, _Known] = {path: (sha, why) for path, sha, why in problems}
        return known | {module.path: module for module in map(unpack, modules)}
    except (OSError, ValueError, TypeError, IndexError, KeyError, RecursionError):
        return {}


def _save(store: Path, modules: list[Module], problems: _Problems) -> None:
    rows = [_VERSION, [pack(m) for m in modules], [(path, sha, why) for path, (sha, why) in problems.items()]]
    body = json.dumps(rows, separators=(",", ":")).encode()
    try:
        store.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=store.parent, delete=False) as file:
            file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        Path(file.name).replace(store)
    except OSError:
        return  # the next run reads the files again


def by_path(index: Index, path: str) -> Module | None:
    """The module at a path relative to the root."""
    name = module_name(path)
    return next((m for m in index.modules if m.path == path or m.name == name), None)
