"""Reads one source file into facts with the standard library's `ast`. It neither runs nor imports what it reads."""

from __future__ import annotations

import ast
import hashlib
import warnings
from dataclasses import dataclass, field
from typing import TypeAlias

from selfmod.analysis.facts import Call, Class, Function, Import, Module

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
MAX_SIGNATURE = 2000
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Assert)


class Unreadable(Exception):
    """The file is not Python that this interpreter can parse; the message says why, and on which line."""


def read(path: str, content: bytes) -> Module:
    """The facts of a file. Raises Unreadable, whatever the bytes are."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content, filename=path)
        return _Reader(path, tree).module(content)
    except SyntaxError as error:
        raise Unreadable(f"line {error.lineno or 0}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"cannot be parsed: {type(error).__name__}") from error


@dataclass(slots=True)
class _Scope:
    """A module, class or function while it is read. `names` maps what is bound here to what it refers to."""

    node: ast.Module | Definition
    qualname: str
    parent: _Scope | None
    names: dict[str, str] = field(default_factory=dict)
    calls: list[ast.Call] = field(default_factory=list)
    assigned: list[tuple[ast.expr, ast.expr | None, ast.expr | None]] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    complexity: int = 1
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> _Scope | None:
        """The class that this scope is directly a method of."""
        return self.parent if self.parent is not None and isinstance(self.parent.node, ast.ClassDef) else None


class _Reader:
    """Two passes: the first collects scopes and what is bound in them, the second names what each scope calls."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path, self.tree = path, tree
        self.package = path.endswith("/__init__.py") or path == "__init__.py"
        self.imports: list[Import] = []
        self.words: set[str] = set()
        self.for_types: list[tuple[int, int]] = []
        self.scopes: list[_Scope] = []

    def module(self, content: bytes) -> Module:
        top = _Scope(self.tree, "", None)
        self._collect(top)
        for scope in self.scopes:
            self._bind(scope)
        for scope in self.scopes:
            self._hold(scope)
        return Module(
            path=self.path,
            sha256=hashlib.sha256(content).hexdigest(),
            lines=content.count(b"\n") + (not content.endswith(b"\n") and bool(content)),
            doc=ast.get_docstring(self.tree) or "",
            imports=tuple(self.imports),
            functions=tuple(self._function(s) for s in self.scopes if isinstance(s.node, FUNCTION)),
            classes=tuple(self._class(s) for s in self.scopes if isinstance(s.node, ast.ClassDef)),
            constants=tuple(name for name in top.names if name.isupper()),
            calls=self._calls(top)[0],
            words=tuple(sorted(self.words)),
        )

    # --- first pass ---

    def _collect(self, top: _Scope) -> None:
        pending = [top]
        while pending:
            scope = pending.pop()
            self.scopes.append(scope)
            pending += [self._enter(scope, node) for node in reversed(self._inside(scope))]

    def _enter(self, scope: _Scope, node: Definition) -> _Scope:
        inner = _Scope(node, f"{scope.qualname}.{node.name}".lstrip("."), scope)
        scope.names[node.name] = f".{inner.qualname}"
        return inner

    def _inside(self, scope: _Scope) -> list[Definition]:
        """Read the nodes of a scope that are not in a scope below it; return the definitions that open those."""
        found: list[Definition] = []
        pending: list[ast.AST] = list(reversed(scope.node.body))
        if not isinstance(scope.node, ast.Module) and ast.get_docstring(scope.node, clean=False) is not None:
            pending.pop()
        while pending:
            node = pending.pop()
            if isinstance(node, ast.stmt) and not _leaves_no_code(node):
                scope.statements.append(node.lineno)
            if isinstance(node, Definition):
                found.append(node)
                pending += _outside(node)
                continue
            self._note(scope, node)
            pending += reversed(list(ast.iter_child_nodes(node)))
        return found

    def _note(self, scope: _Scope, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name):
                self.words.add(name)
            case ast.Attribute(attr=name):
                self.words.add(name)
            case ast.Call():
                scope.calls.append(node)
            case ast.Import() | ast.ImportFrom():
                self._import(scope, node)
            case ast.Assign(targets=[target], value=value) | ast.NamedExpr(target=target, value=value):
                scope.assigned.append((target, None, value))
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                scope.assigned.append((target, annotation, value))
            case ast.withitem(context_expr=value, optional_vars=ast.Name() as target):
                scope.assigned.append((target, None, value))
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                self.for_types.append((node.lineno, node.body[-1].end_lineno or node.lineno))
            case ast.BoolOp(values=values):
                scope.complexity += len(values) - 1
            case ast.comprehension(ifs=conditions):
                scope.complexity += 1 + len(conditions)
            case ast.match_case(pattern=pattern):
                scope.complexity += not (isinstance(pattern, ast.MatchAs) and pattern.pattern is None)
            case _:
                scope.complexity += isinstance(node, _BRANCHES)

    def _import(self, scope: _Scope, node: ast.Import | ast.ImportFrom) -> None:
        later = scope.parent is not None or any(first <= node.lineno <= last for first, last in self.for_types)
        for alias in node.names:
            if isinstance(node, ast.Import):
                target = alias.name if alias.asname else alias.name.partition(".")[0]
                name, full = alias.asname or target, alias.name
            else:
                base = self._relative(node.level) + (node.module or "")
                full = target = f"{base}.{alias.name}" if base.strip(".") else f"{base}{alias.name}"
                name = alias.asname or alias.name
            scope.names.setdefault(name, target)
            self.imports.append(Import(full, name, node.lineno, later))

    def _relative(self, level: int) -> str:
        """The dots for a relative import: one is this file, two its package; a package is its own first level."""
        return "." * (level + 1 - self.package) if level else ""

    # --- second pass ---

    def _bind(self, scope: _Scope) -> None:
        """What parameters and assigned names hold, as far as it is written down."""
        if isinstance(scope.node, FUNCTION):
            arguments = scope.node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for argument in every:
                if (held := self._annotated(scope, argument.annotation)) is not None:
                    scope.names[argument.arg] = held
                else:
                    scope.names.setdefault(argument.arg, "")
            if scope.owner is not None and every and "staticmethod" not in map(_plain, scope.node.decorator_list):
                scope.names[every[0].arg] = f".{scope.owner.qualname}" + ("" if self._is_class_method(scope) else "()")
        for target, annotation, value in scope.assigned:
            held = self._annotated(scope, annotation) or self._reference(scope, value) or ""
            if isinstance(target, ast.Name):
                scope.names.setdefault(target.id, held)
                if isinstance(scope.node, ast.ClassDef) and held:
                    scope.attributes[target.id] = held

    def _hold(self, scope: _Scope) -> None:
        """What `self.x = ...` in a method says about its class."""
        owner = scope.owner
        if owner is None:
            return
        for target, annotation, value in scope.assigned:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                of_self = scope.names.get(target.value.id) == f".{owner.qualname}()"
                held = self._annotated(scope, annotation) or self._reference(scope, value)
                if of_self and held:
                    owner.attributes.setdefault(target.attr, held)

    @staticmethod
    def _is_class_method(scope: _Scope) -> bool:
        node = scope.node
        return not isinstance(node, ast.Module) and (
            "classmethod" in map(_plain, node.decorator_list) or node.name in {"__new__", "__init_subclass__"}
        )

    def _annotated(self, scope: _Scope, annotation: ast.expr | None) -> str | None:
        """An instance of the first class that an annotation names; `X | None` is an X."""
        match annotation:
            case ast.Constant(value=str(text)):
                try:
                    return self._annotated(scope, ast.parse(text, mode="eval").body)
                except (SyntaxError, ValueError):
                    return None
            case ast.BinOp(left=left, right=right, op=ast.BitOr()):
                return self._annotated(scope, left) or self._annotated(scope, right)
            case ast.Name() | ast.Attribute():
                found = self._reference(scope, annotation)
                return f"{found}()" if found and not found.endswith(")") else None
            case _:
                return None

    def _reference(self, scope: _Scope, node: ast.expr | None) -> str | None:
        """The dotted text for an expression of names, attributes and calls; None when it is anything else."""
        match node:
            case ast.Name(id=name):
                return self._lookup(scope, name)
            case ast.Attribute(value=value, attr=attr):
                base = self._reference(scope, value)
                return f"{base}.{attr}" if base else None
            case ast.Call(func=ast.Name(id="super"), args=[]):
                owner = scope.owner
                bases = owner.node.bases if owner is not None and isinstance(owner.node, ast.ClassDef) else []
                base = self._reference(scope, bases[0]) if bases else None
                return f"{base}()" if base else None
            case ast.Call(func=function):
                base = self._reference(scope, function)
                return f"{base}()" if base else None
            case ast.Await(value=value):
                return self._reference(scope, value)
            case ast.BoolOp(op=ast.Or(), values=[first, *_, last]) | ast.IfExp(body=first, orelse=last):
                return self._reference(scope, first) or self._reference(scope, last)
            case _:
                return None

    @staticmethod
    def _lookup(scope: _Scope, name: str) -> str | None:
        here: _Scope | None = scope
        while here is not None:
            visible = here is scope or not isinstance(here.node, ast.ClassDef)
            if visible and name in here.names:
                return here.names[name] or None
            here = here.parent
        return None

    def _calls(self, scope: _Scope) -> tuple[tuple[Call, ...], int]:
        named = [(self._reference(scope, call.func), call) for call in scope.calls]
        found = tuple((target, call.lineno) for target, call in named if target)
        builtin = sum(1 for target, call in named if not target and isinstance(call.func, ast.Name))
        return found, len(named) - len(found) - builtin

    # --- what comes out ---

    def _function(self, scope: _Scope) -> Function:
        node = scope.node
        assert isinstance(node, FUNCTION)
        calls, unresolved = self._calls(scope)
        return Function(
            qualname=scope.qualname,
            line=node.lineno,
            end_line=node.end_lineno or node.lineno,
            signature=_signature(node),
            returns=self._annotated(scope, node.returns) or "",
            doc=ast.get_docstring(node) or "",
            untyped=_untyped(node, method=scope.owner is not None),
            decorators=tuple(_plain(d) for d in node.decorator_list),
            complexity=scope.complexity,
            statements=tuple(sorted(set(scope.statements))),
            calls=calls,
            unresolved=unresolved,
            kind="method" if scope.owner else "inner" if scope.parent and scope.parent.qualname else "function",
        )

    def _class(self, scope: _Scope) -> Class:
        node = scope.node
        assert isinstance(node, ast.ClassDef)
        return Class(
            qualname=scope.qualname,
            line=node.lineno,
            end_line=node.end_lineno or node.lineno,
            bases=tuple(b for b in (self._reference(scope.parent or scope, n) or _plain(n) for n in node.bases) if b),
            doc=ast.get_docstring(node) or "",
            attributes=tuple(scope.attributes.items()),
        )


def _leaves_no_code(node: ast.stmt) -> bool:
    return isinstance(node, ast.Global | ast.Nonlocal) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _outside(node: Definition) -> list[ast.expr]:
    """The parts of a definition that are evaluated where it stands, not inside it."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    annotations = [a.annotation for a in every if a is not None and a.annotation is not None]
    defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    return [*node.decorator_list, *defaults, *annotations, *([node.returns] if node.returns else [])]


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    text = f"({ast.unparse(node.args)})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")
    text = ("async " if isinstance(node, ast.AsyncFunctionDef) else "") + text
    return text if len(text) <= MAX_SIGNATURE else text[: MAX_SIGNATURE - 3] + "..."


def _untyped(node: ast.FunctionDef | ast.AsyncFunctionDef, *, method: bool) -> tuple[str, ...]:
    positional = [*node.args.posonlyargs, *node.args.args]
    if method and "staticmethod" not in map(_plain, node.decorator_list):
        positional = positional[1:]
    rest = [*positional, *node.args.kwonlyargs, *filter(None, (node.args.vararg, node.args.kwarg))]
    missing = [argument.arg for argument in rest if argument.annotation is None]
    return tuple(missing + (["return"] if node.returns is None else []))


def _plain(decorator: ast.expr) -> str:
    """The dotted text of a decorator without its arguments."""
    while isinstance(decorator, ast.Call):
        decorator = decorator.func
    parts: list[str] = []
    while isinstance(decorator, ast.Attribute):
        parts.append(decorator.attr)
        decorator = decorator.value
    return ".".join([decorator.id, *reversed(parts)]) if isinstance(decorator, ast.Name) else ""
